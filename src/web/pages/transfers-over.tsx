/** Transfers that are over, however many: found, sorted and given a page at a time by the daemon. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { RouteInput } from "../../shared/api.ts";
import type { TransferView } from "../../shared/api-transfers.ts";
import { collect } from "../api/client.ts";
import { may, status } from "../api/live.ts";
import { bytes, clock, plural, savedPercent } from "../text/format.ts";
import { Answer } from "../ui/answer.tsx";
import { Ago, Button, Card, Empty } from "../ui/basics.tsx";
import { Choice } from "../ui/form.tsx";
import { FindField, type ListPage, Pages, useListPage } from "../ui/pages.tsx";
import { attempt } from "../ui/toasts.tsx";
import { useData } from "../ui/use-data.ts";
import { TRANSFER_STATES, TransferHead } from "./transfer-head.tsx";

const KINDS = [
  ["any", "Any"],
  ["upload", "Uploads"],
  ["download", "Downloads"],
] as const;
const ENDS = ["done", "partial", "failed", "cancelled", "interrupted"] as const;
const OUTCOMES = [["any", "Any"], ...ENDS.map((state) => [state, TRANSFER_STATES[state][1]] as const)] as const;
const SORTS = [
  ["newest", "Newest first"],
  ["size", "Largest first"],
  ["duration", "Longest first"],
] as const;

interface Asked {
  readonly sort: (typeof SORTS)[number][0];
  readonly kind: (typeof KINDS)[number][0];
  readonly state: (typeof OUTCOMES)[number][0];
  readonly peer: string;
}

const EVERYTHING: Asked = { kind: "any", state: "any", peer: "any", sort: "newest" };

export function TransfersOver(): JSX.Element {
  const asked = useSignal(EVERYTHING);
  const page = useListPage();
  const change = (changes: Partial<Asked>): void => {
    asked.value = { ...asked.value, ...changes };
    page.go(0);
  };
  const input = inputOf(asked.value, page);
  const answer = useData((signal) => pageOf(input, signal), JSON.stringify(input), {
    ...{ live: true, keeps: true },
  });
  const isNarrowed = page.input.contains !== undefined || JSON.stringify(asked.value) !== JSON.stringify(EVERYTHING);
  return (
    <Card title="Over">
      <div class="row-fields">
        <FindField page={page} />
        <Choice label="Kind" value={asked.value.kind} options={KINDS} onChange={(kind) => change({ kind })} />
        <Choice label="End" value={asked.value.state} options={OUTCOMES} onChange={(state) => change({ state })} />
        <Choice
          label="Device"
          value={asked.value.peer}
          options={[["any", "Any"] as const, ...(status.value?.peers ?? []).map(({ id, name }) => [id, name] as const)]}
          onChange={(peer) => change({ peer })}
        />
        <Choice label="Order" value={asked.value.sort} options={SORTS} onChange={(sort) => change({ sort })} />
      </div>
      <Answer of={answer} loading="Asking for those that are over…">
        {({ rows, total }) =>
          total === 0 ? (
            <Empty
              icon="transfer"
              title={isNarrowed ? "No transfer is like that" : "Nothing was uploaded or downloaded yet"}
            />
          ) : (
            <>
              <ul class="stack">
                {rows.map((row) => (
                  <Over row={row} key={row.id} />
                ))}
              </ul>
              <Pages page={page} total={total} shown={rows.length} />
            </>
          )
        }
      </Answer>
    </Card>
  );
}

function inputOf({ kind, state, peer, sort }: Asked, page: ListPage): RouteInput<"transferList"> {
  return {
    ...{ ...page.input, over: true, sort },
    ...(kind === "any" ? {} : { kind }),
    ...(state === "any" ? {} : { state }),
    ...(peer === "any" ? {} : { peer }),
  };
}

async function pageOf(
  input: RouteInput<"transferList">,
  signal: AbortSignal,
): Promise<{ readonly rows: readonly TransferView[]; readonly total: number }> {
  const lines = await collect("transferList", input, signal);
  const rows = lines.filter((line) => line.type === "transfer");
  const summary = lines.find((line) => line.type === "summary");
  const isLatestLast = input.sort === "newest" && input.offset === 0;
  return { rows: isLatestLast ? rows.toReversed() : rows, total: summary?.type === "summary" ? summary.total : 0 };
}

function Over({ row }: { readonly row: TransferView }): JSX.Element {
  const { id, device, files, fileBytes, wireBytes, saved, message, endedAt, durationMs, canRetry, state } = row;
  const share = device === null ? undefined : savedPercent(fileBytes, saved.delta + saved.reuse + saved.compression);
  const retry = (): Promise<boolean> =>
    attempt(() => collect("transferRetry", { id, unattended: true }), "It runs again");
  return (
    <li class="transfer">
      <TransferHead row={row} />
      <p class="number muted small">
        {plural(files, "file")}, {bytes(fileBytes)}
        {wireBytes > 0 ? `, ${bytes(wireBytes)} on the wire` : ""}
        {share === undefined ? "" : `, bandwidth saved ${share}`}, {clock(durationMs)}, <Ago time={endedAt} />
      </p>
      {message === null ? null : <p class="small">{message}</p>}
      {canRetry && state !== "done" && may("transferRetry") ? (
        <div class="actions end">
          <Button icon="refresh" onPress={retry}>
            Run it again
          </Button>
        </div>
      ) : null}
    </li>
  );
}
