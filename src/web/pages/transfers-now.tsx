/** Uploads and downloads under way, on Home; nothing where there are none. */
import type { JSX } from "preact";
import { collect } from "../api/client.ts";
import { href } from "../route.ts";
import { bytes, plural } from "../text/format.ts";
import { Card } from "../ui/basics.tsx";
import { Progress } from "../ui/progress.tsx";
import { useData } from "../ui/use-data.ts";
import { TransferHead } from "./transfer-head.tsx";

const SHOWN = 3;
const REST_MS = 1000;

export function TransfersNow(): JSX.Element | null {
  const { value } = useData((signal) => collect("transferList", { over: false, limit: SHOWN }, signal), "now", {
    ...{ live: true, restMs: REST_MS },
    goesOn: (lines) => lines?.some(({ type }) => type === "transfer") ?? true,
  });
  const rows = (value ?? []).filter((line) => line.type === "transfer").toReversed();
  const summary = value?.find((line) => line.type === "summary");
  const total = summary?.type === "summary" ? summary.total : rows.length;
  if (rows.length === 0) return null;
  return (
    <Card title="Under way" actions={<a href={href("transfers")}>All transfers</a>}>
      <ul class="stack">
        {rows.map((row) => {
          const done = row.progress?.doneBytes ?? row.fileBytes;
          const all = row.progress?.bytes ?? null;
          return (
            <li class="transfer" key={row.id}>
              <TransferHead row={row} />
              <Progress label={`Transfer ${row.id}`} done={done} all={all} />
              <p class="number muted small">
                {bytes(done)}
                {all === null ? "" : ` of ${bytes(all)}`}
                {row.bytesPerSecond === null ? "" : `, ${bytes(row.bytesPerSecond)}/s`}
              </p>
            </li>
          );
        })}
      </ul>
      {total > rows.length ? <p class="muted small">And {plural(total - rows.length, "more")}.</p> : null}
    </Card>
  );
}
