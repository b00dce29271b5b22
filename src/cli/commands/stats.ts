/** `syncline stats`: what was transferred, by time, device and direction. */
import type { TransferView } from "../../shared/api-transfers.ts";
import { describeSaved } from "../../shared/bandwidth-saved.ts";
import { SyncError } from "../../shared/errors.ts";
import { choiceOption, countOption, given, isSet, textOption } from "../arguments.ts";
import type { CommandHandler, CommandOptions } from "../command-rows/command-row.ts";
import { parseTime } from "../parse-time.ts";
import { formatBytes, formatTime, plural } from "../render/format.ts";
import { renderTable } from "../render/table.ts";
import { transferCells } from "../render/transfer.ts";
import type { Session } from "../session.ts";

const FOLLOW_MS = 1000;

export const stats: CommandHandler = async (session, _args, options) => {
  const isCsv = isSet(options, "csv");
  if (isCsv && session.globals.json) throw new SyncError("E_USAGE", "--csv and --json exclude each other");
  let before = "";
  do {
    const document = await session.call("stats", inputOf(session, options));
    const { to: _to, ...counted } = document;
    const text = JSON.stringify(counted);
    if (text !== before) {
      if (session.globals.json) session.json(document);
      else if (isCsv) session.print(csvOf(document.transfers));
      else print(session, document);
    }
    before = text;
  } while (isSet(options, "follow") && (await pause(session.signal)));
  return undefined;
};

function inputOf(session: Session, options: CommandOptions): Parameters<typeof session.call<"stats">>[1] {
  const time = (name: string): string | undefined => {
    const text = textOption(options, name);
    return text === undefined ? undefined : parseTime(text, session.io.now()).toISOString();
  };
  return given({
    from: time("since"),
    to: time("until"),
    peer: textOption(options, "peer"),
    folder: textOption(options, "folder"),
    direction: choiceOption(options, "direction", ["in", "out"]),
    kind: choiceOption(options, "kind", ["upload", "download", "sync"]),
    limit: countOption(options, "limit"),
  });
}

async function pause(signal: AbortSignal): Promise<boolean> {
  const { setTimeout: sleep } = await import("node:timers/promises");
  await sleep(FOLLOW_MS, undefined, { signal });
  return true;
}

type Document = Awaited<ReturnType<Session["call"]>> & {
  readonly transfers: readonly TransferView[];
  readonly totals: {
    readonly transfers: number;
    readonly files: number;
    readonly fileBytes: number;
    readonly wireBytes: number;
    readonly saved: { readonly delta: number; readonly reuse: number; readonly compression: number };
  };
};

function print(session: Session, { transfers, totals }: Pick<Document, "transfers" | "totals">): void {
  const columns = [
    { title: "TIME" },
    { title: "ID", align: "right" },
    { title: "STATE" },
    { title: "WHAT" },
    { title: "DEVICE" },
    { title: "PATH" },
    { title: "BYTES", align: "right" },
    { title: "" },
  ] as const;
  const rows = transfers.map((view) => [formatTime(view.startedAt), ...transferCells(view)]);
  if (rows.length > 0) session.print(renderTable(columns, rows, session.globals.plain));
  const { delta, reuse, compression } = totals.saved;
  session.note(
    [
      `${plural(totals.transfers, "transfer")}, ${plural(totals.files, "file")}`,
      `${formatBytes(totals.fileBytes)}`,
      `wire ${formatBytes(totals.wireBytes)}`,
      describeSaved(totals.fileBytes, totals.wireBytes),
      `(delta ${signed(delta)}, reuse ${signed(reuse)}, compression ${signed(compression)})`,
    ]
      .filter((part) => part !== "")
      .join("  "),
  );
}

function signed(bytes: number): string {
  return bytes < 0 ? `-${formatBytes(-bytes)}` : formatBytes(bytes);
}

const CSV_COLUMNS = [
  ["id", (view) => view.id],
  ["kind", (view) => view.kind],
  ["side", (view) => view.side],
  ["direction", (view) => view.direction],
  ["device", (view) => view.deviceName],
  ["user", (view) => view.user],
  ["folder", (view) => view.folder],
  ["path", (view) => view.path],
  ["state", (view) => view.state],
  ["files", (view) => view.files],
  ["fileBytes", (view) => view.fileBytes],
  ["wireBytes", (view) => view.wireBytes],
  ["savedDelta", (view) => view.saved.delta],
  ["savedReuse", (view) => view.saved.reuse],
  ["savedCompression", (view) => view.saved.compression],
  ["durationMs", (view) => view.durationMs],
  ["bytesPerSecond", (view) => view.bytesPerSecond],
  ["transport", (view) => view.transport],
  ["startedAt", (view) => view.startedAt],
  ["endedAt", (view) => view.endedAt],
] as const satisfies readonly (readonly [string, (view: TransferView) => string | number | null])[];

/** RFC 4180: a field that holds a comma, a quote or a line end is quoted. */
function csvOf(transfers: readonly TransferView[]): string {
  const rows = transfers.map((view) => CSV_COLUMNS.map(([, value]) => csvField(value(view))).join(","));
  return [CSV_COLUMNS.map(([title]) => title).join(","), ...rows].join("\r\n");
}

function csvField(value: string | number | null): string {
  const text = value === null ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
