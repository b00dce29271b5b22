import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { TransferView } from "../../shared/api-transfers.ts";
import { call, stream } from "../api/client.ts";
import { link, may } from "../api/live.ts";
import { href } from "../route.ts";
import { bytes, clock, plural } from "../text/format.ts";
import { Button, Card, Empty, Loading, Page, Problem } from "../ui/basics.tsx";
import { Progress } from "../ui/progress.tsx";
import { attempt } from "../ui/toasts.tsx";
import { UploadCards } from "../ui/upload-cards.tsx";
import { TransferHead } from "./transfer-head.tsx";
import { TransfersOver } from "./transfers-over.tsx";

const SHOWN = 100;
const GATHER_MS = 250;

/** Uploads and downloads that somebody asked for, here or on a peer, as they go on. */
export function TransfersPage(): JSX.Element {
  return (
    <Page title="Transfers">
      <UploadCards />
      <Transfers key={link.value} />
    </Page>
  );
}

function Transfers(): JSX.Element {
  const rows = useSignal<ReadonlyMap<number, TransferView> | undefined>(undefined);
  const error = useSignal<unknown>(undefined);
  useEffect(() => follow(rows, error), []);
  if (error.value !== undefined && rows.value === undefined) return <Problem error={error.value} />;
  if (rows.value === undefined) return <Loading what="Asking for the transfers…" />;
  const all = [...rows.value.values()].sort((a, b) => b.id - a.id).slice(0, SHOWN);
  const running = all.filter(({ endedAt }) => endedAt === null);
  return (
    <>
      <Card title="Under way">
        {running.length === 0 ? (
          <Empty icon="transfer" title="Nothing is uploaded or downloaded right now">
            <p>
              Syncing needs no transfer: it goes on by itself. <a href={href("files")}>Files</a> are downloaded and
              uploaded by hand.
            </p>
          </Empty>
        ) : (
          <ul class="stack">
            {running.map((row) => (
              <Running row={row} key={row.id} />
            ))}
          </ul>
        )}
      </Card>
      <TransfersOver />
    </>
  );
}

/** Follows the list; changes of a moment are shown together. */
function follow(rows: { value: ReadonlyMap<number, TransferView> | undefined }, error: { value: unknown }): () => void {
  const stop = new AbortController();
  const gathered = new Map<number, TransferView>();
  const show = (): void => {
    if (gathered.size === 0 && rows.value !== undefined) return;
    rows.value = new Map([...(rows.value ?? []), ...gathered]);
    gathered.clear();
  };
  const timer = setInterval(show, GATHER_MS);
  const read = async (): Promise<void> => {
    try {
      for await (const line of stream("transferList", { follow: true, limit: SHOWN }, stop.signal))
        if (line.type === "transfer") gathered.set(line.id, line);
    } catch (failure) {
      if (!stop.signal.aborted) error.value = failure;
    }
  };
  void read();
  return () => {
    stop.abort();
    clearInterval(timer);
  };
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
