import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { ListEntry, ListLine } from "../../shared/api.ts";
import { collectAt } from "../api/client.ts";
import { download } from "../api/download.ts";
import { status } from "../api/live.ts";
import { go, href, place } from "../route.ts";
import { fileTest } from "../text/file-filter.ts";
import { bytes, plural } from "../text/format.ts";
import { compareEntries, type SortKey } from "../text/sort-entries.ts";
import { Ago, Button, Card, Empty, Loading, Name, Page, Problem } from "../ui/basics.tsx";
import { DropArea } from "../ui/drop-area.tsx";
import { Choice, Tick } from "../ui/form.tsx";
import { Icon } from "../ui/icon.tsx";
import { attempt } from "../ui/toasts.tsx";
import { UploadCards } from "../ui/upload-cards.tsx";
import { useData } from "../ui/use-data.ts";
import { VirtualList } from "../ui/virtual-list.tsx";
import { NewDirectory } from "./file-actions.tsx";
import { FileDetails } from "./file-details.tsx";
import { EVERYTHING, FileSearch } from "./file-search.tsx";

/** In the address: this node. No device can have this name, because names of devices are ids there. */
const HERE = "here";
/** As many as the daemon gives at once. */
const ENTRIES_MAX = 100_000;
const SORTS = [
  ["name", "Name"],
  ["newest", "Newest first"],
  ["largest", "Largest first"],
] as const;

type FolderLine = Extract<ListLine, { type: "folder" }>;

/** Files of any folder, on this node and on every connected peer. */
export function FilesPage(): JSX.Element {
  const [where = HERE, folder, ...path] = place.value.rest;
  return (
    <Page title="Files">
      <UploadCards />
      <Card>
        <Where where={where} />
        <Crumbs where={where} folder={folder} path={path} />
        {folder === undefined ? (
          <Folders where={where} key={where} />
        ) : (
          <DropArea place={{ peer: peerOf(where), folder, path: path.join("/") }}>
            <Entries where={where} folder={folder} path={path.join("/")} key={place.value.rest.join("/")} />
          </DropArea>
        )}
      </Card>
    </Page>
  );
}

function Where({ where }: { readonly where: string }): JSX.Element {
  const peers = status.value?.peers ?? [];
  return (
    <Choice
      label="On"
      value={where}
      options={[
        [HERE, `${status.value?.device.name ?? "this device"} (this device)`],
        ...peers.map(({ id, name, state }) => [id, state === "connected" ? name : `${name} (${state})`] as const),
      ]}
      onChange={(value) => go("files", value)}
    />
  );
}

function Crumbs(props: {
  readonly where: string;
  readonly folder: string | undefined;
  readonly path: readonly string[];
}): JSX.Element {
  const { where, folder, path } = props;
  const steps = folder === undefined ? [] : [folder, ...path];
  return (
    <nav class="crumbs" aria-label="Where you are">
      <ol>
        <li>
          <a href={href("files", where)} aria-current={steps.length === 0 ? "page" : undefined}>
            Folders
          </a>
        </li>
        {steps.map((step, index) => (
          <li key={`${index}${step}`}>
            <a
              href={href("files", where, ...steps.slice(0, index + 1))}
              aria-current={index === steps.length - 1 ? "page" : undefined}
            >
              <Name>{step}</Name>
            </a>
          </li>
        ))}
      </ol>
    </nav>
  );
}

function Folders({ where }: { readonly where: string }): JSX.Element {
  const { value, error, reload } = useData((signal) => collectAt(peerOf(where), "list", {}, signal), where, {
    live: where === HERE,
  });
  if (value === undefined)
    return error === undefined ? <Loading what="Asking for the folders…" /> : <Problem error={error} retry={reload} />;
  const folders = value.filter((line): line is FolderLine => line.type === "folder");
  if (folders.length === 0) return <Empty icon="folder" title="No folder is shared with you here" />;
  return (
    <ul class="entries">
      {folders.map(({ path, label, files, size }) => (
        <li class="entry" key={path}>
          <Icon name="folder" />
          <a class="entry-name" href={href("files", where, path)}>
            <Name>{label}</Name>
          </a>
          <span class="entry-fact number">{plural(files, "file")}</span>
          <span class="entry-fact number">{bytes(size)}</span>
        </li>
      ))}
    </ul>
  );
}

interface EntriesProps {
  readonly where: string;
  readonly folder: string;
  readonly path: string;
}

function Entries({ where, folder, path }: EntriesProps): JSX.Element {
  const sort = useSignal<SortKey>("name");
  const filter = useSignal(EVERYTHING);
  const isDeep = useSignal(false);
  const withDeleted = useSignal(false);
  const shown = useSignal<ListEntry | undefined>(undefined);
  const key = [where, folder, path, isDeep.value, withDeleted.value].join("\0");
  const { value, error, reload } = useData(
    async (signal) => {
      const input = { folder, path, recursive: isDeep.value, deleted: withDeleted.value, limit: ENTRIES_MAX };
      const lines = await collectAt(peerOf(where), "list", input, signal);
      const summary = lines.find((line) => line.type === "summary");
      return {
        entries: lines.filter((line): line is ListEntry => line.type !== "summary" && line.type !== "folder"),
        isAll: summary?.type === "summary" && summary.next === null,
      };
    },
    key,
    { live: where === HERE },
  );
  const { entries, fault } = useMemo(() => {
    const isMeant = fileTest(filter.value);
    if (typeof isMeant !== "function") return { entries: [], fault: isMeant.fault };
    const found = (value?.entries ?? []).filter(isMeant);
    return { entries: found.toSorted(compareEntries(sort.value)), fault: undefined };
  }, [value, filter.value, sort.value]);
  return (
    <>
      <div class="row-fields">
        <FileSearch filter={filter} fault={fault} />
        <Choice label="Order" value={sort.value} options={SORTS} onChange={(order) => (sort.value = order)} />
        <div class="stack tight">
          <Tick label="All below" checked={isDeep.value} onChange={(isOn) => (isDeep.value = isOn)} />
          <Tick label="Deleted ones, too" checked={withDeleted.value} onChange={(isOn) => (withDeleted.value = isOn)} />
        </div>
      </div>
      <div class="actions">
        <Button icon="down" onPress={() => attempt(() => download({ peer: peerOf(where), folder, path }))}>
          Download all as an archive
        </Button>
        <NewDirectory place={{ peer: peerOf(where), folder, path }} onDone={reload} />
      </div>
      {error !== undefined && value === undefined ? <Problem error={error} retry={reload} /> : null}
      {value === undefined && error === undefined ? <Loading what="Reading the directory…" /> : null}
      {value === undefined ? null : entries.length === 0 ? (
        <Empty icon="folder" title={filter.value === EVERYTHING ? "Nothing here" : "Nothing here is like that"} />
      ) : (
        <>
          <p class="muted small" role="status">
            {plural(entries.length, "entry", "entries")}
            {value.isAll ? "" : "; there are more, open a directory to see them"}
          </p>
          <VirtualList
            label="Files"
            items={entries}
            keyOf={(entry) => `${entry.path}${entry.deleted}`}
            show={(entry) => (
              <Entry
                entry={entry}
                start={path === "" ? 0 : path.length + 1}
                where={where}
                folder={folder}
                onShow={() => (shown.value = entry)}
              />
            )}
          />
        </>
      )}
      {shown.value === undefined ? null : (
        <FileDetails
          entry={shown.value}
          folder={folder}
          peer={peerOf(where)}
          onClose={() => (shown.value = undefined)}
          onChange={reload}
        />
      )}
    </>
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

function peerOf(where: string): string | undefined {
  return where === HERE ? undefined : where;
}
