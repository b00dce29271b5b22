import type { JSX } from "preact";
import type { RouteOutput } from "../../shared/api.ts";
import type { TransferView } from "../../shared/api-transfers.ts";
import { call, collect, stream } from "../api/client.ts";
import { may } from "../api/live.ts";
import { href } from "../route.ts";
import { bytes, clock, plural } from "../text/format.ts";
import { Answer } from "../ui/answer.tsx";
import { Button, Card, Empty, Page } from "../ui/basics.tsx";
import { Progress } from "../ui/progress.tsx";
import { attempt } from "../ui/toasts.tsx";
import { UploadCards } from "../ui/upload-cards.tsx";
import { useStream } from "../ui/use-stream.ts";
import { TransferHead } from "./transfer-head.tsx";
import { TransfersOver } from "./transfers-over.tsx";

const SHOWN = 100;

/** Uploads and downloads that somebody asked for, here or on a peer, as they go on. */
export function TransfersPage(): JSX.Element {
  return (
    <Page title="Transfers">
      <UploadCards />
      <UnderWay />
      <TransfersOver />
    </Page>
  );
}

function UnderWay(): JSX.Element {
  const transfers = useStream<RouteOutput<"transferList">, Rows>(
    {
      follow: (signal) => stream("transferList", { follow: true, limit: SHOWN }, signal),
      isEmpty: async (signal) =>
        (await collect("transferList", { limit: 1 }, signal)).every(({ type }) => type !== "transfer"),
      add: (shown = new Map(), lines) =>
        new Map([...shown, ...lines.flatMap((line) => (line.type === "transfer" ? [[line.id, line] as const] : []))]),
    },
    "",
  );
  return (
    <Card title="Under way">
      <Answer of={transfers} loading="Asking for the transfers…">
        {(rows) => <Some rows={[...rows.values()].filter(({ endedAt }) => endedAt === null)} />}
      </Answer>
    </Card>
  );
}

type Rows = ReadonlyMap<number, TransferView>;

function Some({ rows }: { readonly rows: readonly TransferView[] }): JSX.Element {
  if (rows.length === 0)
    return (
      <Empty icon="transfer" title="Nothing is uploaded or downloaded right now">
        <p>
          Syncing needs no transfer: it goes on by itself. <a href={href("files")}>Files</a> are downloaded and uploaded
          by hand.
        </p>
      </Empty>
    );
  return (
    <ul class="stack">
      {rows
        .toSorted((a, b) => b.id - a.id)
        .slice(0, SHOWN)
        .map((row) => (
          <Running row={row} key={row.id} />
        ))}
    </ul>
  );
}

function Running({ row }: { readonly row: TransferView }): JSX.Element {
  const { id, state, progress, bytesPerSecond, wireBytes, transport } = row;
  const done = progress?.doneBytes ?? row.fileBytes;
  const all = progress?.bytes ?? null;
  const left =
    all !== null && bytesPerSecond !== null && bytesPerSecond > 0 ? ((all - done) / bytesPerSecond) * 1000 : null;
  return (
    <li class="transfer">
      <TransferHead row={row} />
      <Progress label={`Transfer ${id}`} done={done} all={all} />
      <p class="number muted small">
        {bytes(done)}
        {all === null ? "" : ` of ${bytes(all)}`}
        {progress?.files == null ? "" : `, ${progress.doneFiles} of ${plural(progress.files, "file")}`}
        {bytesPerSecond === null ? "" : `, ${bytes(bytesPerSecond)}/s`}
        {left === null ? "" : `, ${clock(left)} left`}
        {wireBytes > 0 ? `, ${bytes(wireBytes)} on the wire` : ""}
        {transport === null ? "" : `, ${transport}`}
      </p>
      {row.side === "asked" && may("transferPause") ? (
        <div class="actions end">
          {state === "running" ? (
            <Button icon="pause" onPress={() => attempt(() => call("transferPause", { id }))}>
              Pause
            </Button>
          ) : (
            <Button icon="play" onPress={() => attempt(() => call("transferResume", { id }))}>
              Go on
            </Button>
          )}
          <Button icon="close" onPress={() => attempt(() => call("transferCancel", { id }))}>
            Cancel
          </Button>
        </div>
      ) : null}
    </li>
  );
}
