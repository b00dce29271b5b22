/** What lies in a directory, or is found below it: any number of rows, those in sight asked for as they come. */
import { signal, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { RouteInput } from "../../shared/api.ts";
import type { ListEntry } from "../../shared/api-list.ts";
import { Failure, stream } from "../api/client.ts";
import { download } from "../api/download.ts";
import { type RowPage, RowWindow } from "../api/row-window.ts";
import { href } from "../route.ts";
import { bytes, plural } from "../text/format.ts";
import { listFilter } from "../text/list-query.ts";
import { Answer } from "../ui/answer.tsx";
import { Ago, Button, Empty, Loading, Name } from "../ui/basics.tsx";
import { Choice, Tick } from "../ui/form.tsx";
import { Icon } from "../ui/icon.tsx";
import { attempt } from "../ui/toasts.tsx";
import { TYPING_MS, useSettled } from "../ui/use-settled.ts";
import { usePeerReturn, useReturn, useWhenChanged } from "../ui/use-when.ts";
import { ROWS_MAX, VirtualList } from "../ui/virtual-list.tsx";
import { NewDirectory } from "./file-actions.tsx";
import { FileDetails } from "./file-details.tsx";
import { EVERYTHING, FileFindField, FileFindWays } from "./file-search.tsx";

const SORTS = [
  ["natural", "Name"],
  ["mtime", "Newest first"],
  ["size", "Largest first"],
] as const;
/** A list is not read anew more often. */
const REST_MS = 1000;
/** So long one waits without being told. */
const PATIENCE_MS = 300;
const PATTERN_FAULTS: readonly string[] = ["E_REGEX_SLOW"];

/** Whether everything is shown that a list can be narrowed down by; stays so from directory to directory. */
const hasMoreWays = signal(false);

export interface EntriesProps {
  /** As in the address: a device, or here. */
  readonly where: string;
  readonly peer: string | undefined;
  readonly folder: string;
  readonly path: string;
}

type Sort = (typeof SORTS)[number][0];

export function Entries({ where, peer, folder, path }: EntriesProps): JSX.Element {
  const sort = useSignal<Sort>("natural");
  const filter = useSignal(EVERYTHING);
  const isDeep = useSignal(false);
  const withDeleted = useSignal(false);
  const shown = useSignal<ListEntry | undefined>(undefined);
  const narrowed = listFilter(useSettled(filter.value, TYPING_MS));
  const rows = useRows(peer, {
    ...{ folder, path, recursive: isDeep.value, deleted: withDeleted.value },
    ...{ sort: sort.value, directoriesFirst: true, ...narrowed },
  });
  useWhenChanged(
    { act: () => rows.refresh(), tookMs: () => rows.tookMs },
    { live: peer === undefined, restMs: REST_MS },
  );
  useReturn(() => rows.renew());
  usePeerReturn(peer, () => rows.renew());
  const fault = patternFault(rows.error.value);
  return (
    <>
      <div class="row-fields">
        <FileFindField filter={filter} fault={fault} />
        <Choice label="Order" value={sort.value} options={SORTS} onChange={(order) => (sort.value = order)} />
        <Tick label="All below" checked={isDeep.value} onChange={(isOn) => (isDeep.value = isOn)} />
      </div>
      {hasMoreWays.value ? (
        <div class="row-fields">
          <FileFindWays filter={filter} />
          <Tick label="Deleted ones, too" checked={withDeleted.value} onChange={(isOn) => (withDeleted.value = isOn)} />
        </div>
      ) : null}
      <div class="actions">
        <Button
          icon="search"
          expanded={hasMoreWays.value}
          onPress={() => {
            hasMoreWays.value = !hasMoreWays.value;
          }}
        >
          More ways to find
        </Button>
        <Button icon="down" onPress={() => attempt(() => download({ peer, folder, path }))}>
          Download all as an archive
        </Button>
        <NewDirectory place={{ peer, folder, path }} onDone={() => rows.refresh()} />
      </div>
      {fault !== undefined ? null : (
        <Found
          rows={rows}
          isNarrowed={Object.keys(narrowed).length > 0}
          show={(entry) => (
            <Entry
              entry={entry}
              start={entry.path === path ? path.lastIndexOf("/") + 1 : path === "" ? 0 : path.length + 1}
              where={where}
              folder={folder}
              onShow={() => (shown.value = entry)}
            />
          )}
        />
      )}
      {shown.value === undefined ? null : (
        <FileDetails
          entry={shown.value}
          folder={folder}
          peer={peer}
          onClose={() => (shown.value = undefined)}
          onChange={() => rows.refresh()}
        />
      )}
    </>
  );
}

type Rows = RowWindow<ListEntry>;

/** The rows of a list as it is asked for now. */
function useRows(peer: string | undefined, input: RouteInput<"list">): Rows {
  const key = JSON.stringify([peer, input]);
  const rows = useMemo(
    () => new RowWindow<ListEntry>(key, (place, signal) => askRows(peer, { ...input, ...place }, signal)),
    [key],
  );
  useEffect(() => {
    void rows.refresh();
    return () => rows.stop();
  }, [rows]);
  return rows;
}

async function askRows(
  peer: string | undefined,
  input: RouteInput<"list">,
  signal: AbortSignal,
): Promise<RowPage<ListEntry>> {
  const rows: ListEntry[] = [];
  let total = 0;
  for await (const line of stream("list", input, signal, peer)) {
    if (line.type === "summary") total = line.total ?? line.entries;
    else if (line.type !== "folder") rows.push(line);
  }
  return { rows, total };
}

/** What is wrong with the pattern that is searched for; undefined for every other failure. */
function patternFault(error: unknown): Failure | undefined {
  return error instanceof Failure && (error.index !== undefined || PATTERN_FAULTS.includes(error.code))
    ? error
    : undefined;
}

/** The list itself. What was found before stays in sight until the next answer is there. */
function Found(props: {
  readonly rows: Rows;
  readonly isNarrowed: boolean;
  readonly show: (entry: ListEntry) => JSX.Element;
}): JSX.Element {
  const { rows, isNarrowed, show } = props;
  const answered = useRef(rows);
  if (rows.total.value !== undefined) answered.current = rows;
  const inSight = answered.current;
  const total = inSight.total.value;
  if (rows.isStopped.value)
    return (
      <Empty icon="search" title="The search was stopped">
        <Button icon="refresh" onPress={() => rows.restart()}>
          Search again
        </Button>
      </Empty>
    );
  const isWaiting = inSight !== rows || total === undefined;
  const error = rows.error.value;
  const waiting = <Waiting isSearch={isNarrowed} onStop={() => rows.stop()} key={rows.key} />;
  return (
    <>
      {isWaiting && total !== undefined && error === undefined ? waiting : null}
      <Answer of={{ value: total, error, reload: () => rows.refresh() }} loading={waiting}>
        {(count) =>
          count === 0 ? (
            <Empty icon="folder" title={isNarrowed ? "Nothing here is like that" : "Nothing here"} />
          ) : (
            <div class={isWaiting ? "dimmed" : ""}>
              <p class="muted small" role="status">
                {plural(count, "entry", "entries")}
                {count > ROWS_MAX ? "; the first of them are shown: open a directory or search to see the others" : ""}
              </p>
              <VirtualList
                label="Files"
                key={inSight.key}
                count={count}
                at={(index) => inSight.at(index)}
                onSee={inSight.see}
                keyOf={(entry) => `${entry.path}${entry.deleted}`}
                show={show}
              />
            </div>
          )
        }
      </Answer>
    </>
  );
}

/** Says nothing of what is there in a moment. */
function Waiting({ isSearch, onStop }: { readonly isSearch: boolean; readonly onStop: () => void }): JSX.Element {
  const isLong = useSettled(true, PATIENCE_MS, false);
  if (!isLong) return <div class="waiting" />;
  return (
    <div class="waiting">
      <Loading what={isSearch ? "Searching…" : "Reading the directory…"} />
      <Button icon="close" onPress={onStop}>
        Stop
      </Button>
    </div>
  );
}

function Entry(props: {
  readonly entry: ListEntry;
  /** Where the name begins that is new in this directory. */
  readonly start: number;
  readonly where: string;
  readonly folder: string;
  readonly onShow: () => void;
}): JSX.Element {
  const { entry, where, folder, start } = props;
  const name = entry.path.slice(start);
  const isDirectory = entry.type === "directory" && !entry.deleted;
  return (
    <div class={`entry ${entry.deleted ? "gone" : ""}`}>
      <Icon name={entry.type === "directory" ? "folder" : entry.type === "symlink" ? "link" : "file"} />
      {isDirectory ? (
        <a class="entry-name" href={href("files", where, folder, ...entry.path.split("/"))}>
          <Name>{name}</Name>
        </a>
      ) : (
        <button type="button" class="entry-name plain" onClick={props.onShow}>
          <Name>{name}</Name>
          {entry.deleted ? <span class="muted small"> deleted</span> : null}
        </button>
      )}
      <span class="entry-fact wide-only">
        <Name>{entry.owner}</Name>
      </span>
      <span class="entry-fact number">{isDirectory ? "" : bytes(entry.size)}</span>
      <span class="entry-fact wide-only">{entry.mtime === null ? "" : <Ago time={entry.mtime} />}</span>
      {isDirectory ? (
        <Button kind="quiet" icon="info" label={`Details of ${name}`} onPress={props.onShow}>
          {null}
        </Button>
      ) : (
        <span class="entry-button" />
      )}
    </div>
  );
}
