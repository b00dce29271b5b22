import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { Conflict } from "../../shared/api-conflicts.ts";
import { call } from "../api/client.ts";
import { may } from "../api/live.ts";
import { bytes, moment } from "../text/format.ts";
import { Answer } from "../ui/answer.tsx";
import { Ago, Button, Card, Empty, Name, Page, State } from "../ui/basics.tsx";
import { FolderName } from "../ui/folder-name.tsx";
import { Tick } from "../ui/form.tsx";
import { FindField, isLong, type ListPage, Pages, useListPage } from "../ui/pages.tsx";
import { attempt, say } from "../ui/toasts.tsx";
import { useData } from "../ui/use-data.ts";
import { Compare } from "./compare.tsx";

type Keep = "current" | "copy" | "both";

/** Files that were changed on two machines at once: both sides, and the choice. */
export function ConflictsPage(): JSX.Element {
  const isAll = useSignal(false);
  const page = useListPage();
  const input = { ...page.input, all: isAll.value };
  const answer = useData((signal) => call("conflictList", input, signal), JSON.stringify(input), {
    ...{ live: true, keeps: true },
  });
  return (
    <Page
      title="Conflicts"
      actions={
        <Tick
          label="Show settled ones"
          checked={isAll.value}
          onChange={(checked) => {
            isAll.value = checked;
            page.go(0);
          }}
        />
      }
    >
      <Answer of={answer} loading="Looking for conflicts…">
        {(value) => <Conflicts {...value} {...{ page, isAll: isAll.value, reload: answer.reload }} />}
      </Answer>
    </Page>
  );
}

function Conflicts(props: {
  readonly conflicts: readonly Conflict[];
  readonly total: number;
  readonly page: ListPage;
  readonly isAll: boolean;
  readonly reload: () => Promise<void>;
}): JSX.Element {
  const { conflicts, total, page, isAll, reload } = props;
  const isMany = isLong(total, page);
  const open = conflicts.filter(({ state }) => state === "open");
  return (
    <>
      {isMany ? <FindField page={page} /> : null}
      {open.length > 1 && may("conflictResolve") ? (
        <Bulk contains={page.input.contains} open={isAll ? undefined : total} reload={reload} />
      ) : null}
      {conflicts.length === 0 ? (
        <Card>
          {isMany ? (
            <Empty icon="check" title="No conflict is like that" />
          ) : (
            <Empty icon="check" title="No conflict">
              <p>When two machines change a file at once, both versions are kept and you choose here.</p>
            </Empty>
          )}
        </Card>
      ) : null}
      {conflicts.map((conflict) => (
        <ConflictCard conflict={conflict} reload={reload} key={conflict.id} />
      ))}
      {isMany ? <Pages page={page} total={total} shown={conflicts.length} /> : null}
    </>
  );
}

interface ConflictProps {
  readonly conflict: Conflict;
  readonly reload: () => Promise<void>;
}

function ConflictCard({ conflict, reload }: ConflictProps): JSX.Element {
  const { id, folder, path, copies, state } = conflict;
  const [current, ...others] = copies;
  // One device may have written both, as when a settlement was taken back there.
  const isTold = others.length === 1 && current?.device !== others[0]?.device;
  return (
    <Card
      title={<Name>{path}</Name>}
      actions={<State tone={state === "open" ? "warn" : "good"}>{state === "open" ? "open" : settled(conflict)}</State>}
    >
      <p class="muted small">
        in <FolderName id={folder} />, found <Ago time={conflict.createdAt} />
      </p>
      <div class="sides">
        {current === undefined ? null : <Side copy={current} title="At its place now" />}
        {others.map((copy) => (
          <Side copy={copy} title="Kept beside it" key={copy.path} />
        ))}
      </div>
      {state === "open" && current !== undefined && others[0] !== undefined ? (
        <Compare folder={folder} current={current} other={others[0]} />
      ) : null}
      {state === "open" && may("conflictResolve") ? (
        <div class="actions">
          <Button onPress={() => settle([conflict], "current", reload)}>
            {isTold ? `Keep that of ${current?.device}` : "Keep what is at its place"}
          </Button>
          <Button onPress={() => settle([conflict], "copy", reload)}>
            {isTold ? `Keep that of ${others[0]?.device}` : "Keep the other"}
          </Button>
          <Button onPress={() => settle([conflict], "both", reload)}>Keep both</Button>
        </div>
      ) : null}
      {conflict.canUndo && may("conflictUndo") ? (
        <div class="actions">
          <Button
            icon="undo"
            onPress={async () => {
              if (await attempt(() => call("conflictUndo", { id }), "The conflict is open again")) await reload();
            }}
          >
            Take it back
          </Button>
        </div>
      ) : null}
    </Card>
  );
}

function settled({ kept }: Conflict): string {
  return kept === "both" ? "both kept" : kept === "copy" ? "the other kept" : "settled";
}

function Side({ copy, title }: { readonly copy: Conflict["copies"][number]; readonly title: string }): JSX.Element {
  return (
    <div class="side">
      <p class="small muted">{title}</p>
      <p class="strong">
        <Name>{`Changed on ${copy.device}`}</Name>
      </p>
      <p class="number">
        <time dateTime={copy.mtime}>{moment(new Date(copy.mtime))}</time>, {bytes(copy.size)}
      </p>
      <p class="small muted">
        <Name>{copy.path}</Name>
      </p>
    </div>
  );
}

/** Settles conflicts one after the other, and offers to take all of it back. */
async function settle(
  conflicts: Iterable<Conflict> | AsyncIterable<Conflict>,
  keep: Keep,
  reload: () => Promise<void>,
): Promise<void> {
  const done: number[] = [];
  await attempt(async () => {
    for await (const { id } of conflicts) {
      await call("conflictResolve", { id, keep });
      done.push(id);
    }
  });
  if (done.length > 0)
    say(done.length === 1 ? "The conflict is settled" : `${done.length} conflicts are settled`, async () => {
      for (const id of done) await call("conflictUndo", { id });
      await reload();
    });
  await reload();
}

/** All open conflicts, also those that no page shows. */
async function* everyOpen(contains: string | undefined): AsyncGenerator<Conflict> {
  const { conflicts } = await call("conflictList", contains === undefined ? {} : { contains });
  yield* conflicts;
}

function Bulk(props: {
  readonly contains: string | undefined;
  /** How many there are; undefined when it is not known. */
  readonly open: number | undefined;
  readonly reload: () => Promise<void>;
}): JSX.Element {
  const { contains, open, reload } = props;
  const all = (keep: Keep) => () => settle(everyOpen(contains), keep, reload);
  return (
    <Card
      title={`All${open === undefined ? "" : ` ${open.toLocaleString("en")}`} open ones${contains === undefined ? "" : ` with “${contains}” in their path`}`}
    >
      <div class="actions">
        <Button onPress={all("current")}>Keep what is at its place</Button>
        <Button onPress={all("copy")}>Keep the others</Button>
        <Button onPress={all("both")}>Keep both of each</Button>
      </div>
    </Card>
  );
}
