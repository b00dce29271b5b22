import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import type { StatsHistory } from "../../shared/api-transfers.ts";
import { call } from "../api/client.ts";
import { saveBlob } from "../api/download.ts";
import { status } from "../api/live.ts";
import { bytes, moment, savedPercent } from "../text/format.ts";
import { historyCsv } from "../text/history-csv.ts";
import { Answer } from "../ui/answer.tsx";
import { Button, Card, Empty, Name, Page } from "../ui/basics.tsx";
import { Choice, Tick } from "../ui/form.tsx";
import { useData } from "../ui/use-data.ts";

const HOUR_MS = 3_600_000;
const REST_MS = 2000;
const RANGES = [
  ["1h", "Last hour"],
  ["24h", "Last 24 hours"],
  ["7d", "Last 7 days"],
  ["90d", "Last 90 days"],
] as const;
const RANGE_MS = { "1h": HOUR_MS, "24h": 24 * HOUR_MS, "7d": 168 * HOUR_MS, "90d": 2160 * HOUR_MS };
const ALL = "";
const POINTS = 120;
const HEIGHT = 160;

type Range = keyof typeof RANGE_MS;
type Moved = StatsHistory["totals"];

/** What moved over time, and what did not have to. */
export function StatisticsPage(): JSX.Element {
  const range = useSignal<Range>("24h");
  const peer = useSignal(ALL);
  const isTable = useSignal(false);
  const answer = useData(
    (signal) => {
      const from = new Date(Date.now() - RANGE_MS[range.value]).toISOString();
      const only = peer.value === ALL ? {} : { peer: peer.value };
      return call("statsHistory", { from, points: POINTS, ...only }, signal);
    },
    `${range.value} ${peer.value}`,
    // What sync moved is added up a while after it did.
    { live: true, restMs: REST_MS, goesOn: () => true },
  );
  const { value } = answer;
  const peers = status.value?.peers ?? [];
  return (
    <Page title="Statistics">
      <Card>
        <div class="row-fields">
          <Choice label="Time" value={range.value} options={RANGES} onChange={(next) => (range.value = next)} />
          <Choice
            label="With"
            value={peer.value}
            options={[[ALL, "all devices"], ...peers.map(({ id, name }) => [id, name] as const)]}
            onChange={(next) => (peer.value = next)}
          />
          <Tick label="As a table" checked={isTable.value} onChange={(isOn) => (isTable.value = isOn)} />
        </div>
        <Answer of={answer} loading="Adding up…">
          {(history) => <Moving history={history} isTable={isTable.value} />}
        </Answer>
      </Card>
      {value === undefined ? null : <Saved totals={value.totals} />}
      {value === undefined || value.peers.length === 0 ? null : <Peers peers={value.peers} />}
    </Page>
  );
}

function Moving({ history, isTable }: { readonly history: StatsHistory; readonly isTable: boolean }): JSX.Element {
  const { totals } = history;
  if (totals.sent + totals.received + totals.fileBytes === 0)
    return (
      <Empty icon="stats" title="Nothing moved in this time">
        <p>What sync, uploads and downloads move is counted from now on, also over restarts.</p>
      </Empty>
    );
  return (
    <>
      {isTable ? <PointTable history={history} /> : <Chart history={history} />}
      <div class="actions end">
        <Button icon="down" onPress={() => saveCsv(history)}>
          Save as CSV
        </Button>
      </div>
    </>
  );
}

function Chart({ history }: { readonly history: StatsHistory }): JSX.Element {
  const { points, totals, stretchMs } = history;
  const top = Math.max(1, ...points.map(({ sent, received }) => Math.max(sent, received)));
  const middle = HEIGHT / 2;
  const bar = (count: number): number => (count / top) * (middle - 4);
  const first = points[0]?.time ?? history.from;
  return (
    <figure class="throughput history">
      <figcaption>
        <span class="down">↓ {bytes(totals.received)} received</span>
        <span class="up">↑ {bytes(totals.sent)} sent</span>
        <span class="muted">
          most in {stretchMs / 60_000} min: {bytes(top)}
        </span>
      </figcaption>
      <svg
        viewBox={`0 0 ${points.length} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`From ${moment(new Date(first))} on: received ${bytes(totals.received)}, sent ${bytes(totals.sent)}. The table has the numbers.`}
      >
        {points.map(({ time, sent, received }, x) => (
          <g key={time}>
            <title>{`${moment(new Date(time))}: ↓ ${bytes(received)}, ↑ ${bytes(sent)}`}</title>
            <rect class="down" x={x + 0.1} width={0.8} y={middle - bar(received)} height={bar(received)} />
            <rect class="up" x={x + 0.1} width={0.8} y={middle} height={bar(sent)} />
          </g>
        ))}
        <path class="axis" d={`M0 ${middle}H${points.length}`} />
      </svg>
      <div class="axis-times muted small">
        <time dateTime={first}>{moment(new Date(first))}</time>
        <span>now</span>
      </div>
    </figure>
  );
}

function PointTable({ history }: { readonly history: StatsHistory }): JSX.Element {
  const rows = history.points.filter(({ sent, received, fileBytes }) => sent + received + fileBytes > 0).toReversed();
  return (
    <TrafficTable head={["From", "Received", "Sent", "Saved"]}>
      {rows.map((point) => (
        <tr key={point.time}>
          <td>{moment(new Date(point.time))}</td>
          <TrafficCells moved={point} saved={bytes(Math.max(0, savedOf(point)))} />
        </tr>
      ))}
    </TrafficTable>
  );
}

/** A column of names or times, and three of numbers. */
function TrafficTable({
  head: [first, ...numbers],
  children,
}: {
  readonly head: readonly [string, string, string, string];
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <div class="table-scroll">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">{first}</th>
            {numbers.map((title) => (
              <th scope="col" class="right" key={title}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

function TrafficCells({
  moved: { received, sent },
  saved,
}: {
  readonly moved: Pick<Moved, "received" | "sent">;
  readonly saved: string;
}): JSX.Element {
  return (
    <>
      <td class="right number" data-label="Received">
        {bytes(received)}
      </td>
      <td class="right number" data-label="Sent">
        {bytes(sent)}
      </td>
      <td class="right number" data-label="Saved">
        {saved}
      </td>
    </>
  );
}

function Saved({ totals }: { readonly totals: Moved }): JSX.Element {
  const { delta, reuse, compression } = totals.saved;
  const parts = [
    ["Delta", delta, "parts of changed files that were here already"],
    ["Reuse", reuse, "content that was elsewhere on the device"],
    ["Compression", compression, "what zstd took off"],
  ] as const;
  const most = Math.max(1, ...parts.map(([, count]) => count));
  const share = savedPercent(totals.fileBytes, savedOf(totals));
  return (
    <Card title="Bandwidth saved">
      <p>
        {totals.fileBytes === 0
          ? "No file moved in this time."
          : `${bytes(totals.fileBytes)} of files moved; ${bytes(Math.max(0, savedOf(totals)))} of that did not have to be sent${share === undefined ? "" : ` (${share})`}.`}
      </p>
      <dl class="saved">
        {parts.map(([name, count, why]) => (
          <div key={name}>
            <dt>
              {name} <span class="muted small">{why}</span>
            </dt>
            <dd>
              <span class="saved-bar" aria-hidden="true" style={{ width: `${(Math.max(0, count) / most) * 100}%` }} />
              <span class="number">{count < 0 ? `cost ${bytes(-count)} more` : bytes(count)}</span>
            </dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}

function Peers({ peers }: { readonly peers: StatsHistory["peers"] }): JSX.Element {
  return (
    <Card title="With each device">
      <TrafficTable head={["Device", "Received", "Sent", "Saved"]}>
        {peers.map((peer) => (
          <tr key={peer.device}>
            <td>
              <Name>{peer.name}</Name>
            </td>
            <TrafficCells moved={peer} saved={savedPercent(peer.fileBytes, savedOf(peer)) ?? "nothing"} />
          </tr>
        ))}
      </TrafficTable>
    </Card>
  );
}

function savedOf({ saved }: Pick<Moved, "saved">): number {
  return saved.delta + saved.reuse + saved.compression;
}

function saveCsv(history: StatsHistory): void {
  const name = `syncline-${history.from.slice(0, 10)}-${history.to.slice(0, 10)}.csv`;
  saveBlob(new Blob([historyCsv(history)], { type: "text/csv" }), name);
}
