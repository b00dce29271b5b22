/** Runs uploads and downloads: several at once, with progress for each and for all, and one account at the end. */
import type { FileResult, TransferLine } from "../../shared/api-transfers.ts";
import { SyncError } from "../../shared/errors.ts";
import { LiveArea } from "../render/live-area.ts";
import { endLine, fileLine, TransferProgress } from "../render/transfer.ts";
import type { Session } from "../session.ts";

type Summary = Extract<TransferLine, { type: "summary" }>;
type ProgressLine = Extract<TransferLine, { type: "progress" }>;

const AT_ONCE = 3;
/** Of more files only those that need a word are named, unless -v asks for all. */
const NAMED_FILES = 20;

export interface Asked {
  readonly label: string;
  readonly lines: () => AsyncIterable<TransferLine>;
}

export interface Ran {
  readonly files: readonly FileResult[];
  readonly summaries: readonly Summary[];
  readonly failures: readonly unknown[];
}

/** Runs all and tells what became of them. Throws the only one's failure, or E_PARTIAL. */
export async function runTransfers(session: Session, asked: readonly Asked[]): Promise<Ran> {
  const ran = await collect(session, asked);
  tell(session, ran);
  throwFailure(session, ran, asked.length);
  return ran;
}

/** Runs all; failures are gathered, not thrown. */
export async function collect(session: Session, asked: readonly Asked[]): Promise<Ran> {
  const files: FileResult[] = [];
  const summaries: Summary[] = [];
  const failures: unknown[] = [];
  const screen = new Screen(session);
  const queue = [...asked];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      try {
        for await (const line of next.lines()) {
          if (line.type === "file") files.push(withoutType(line));
          else if (line.type === "summary") summaries.push(line);
          else if (line.type === "progress") screen.show(next.label, line);
        }
      } catch (error) {
        failures.push(error);
      } finally {
        screen.over(next.label);
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, asked.length) }, work));
  } finally {
    screen.clear();
  }
  return { files, summaries, failures };
}

function withoutType({ type: _type, ...file }: Extract<TransferLine, { type: "file" }>): FileResult {
  return file;
}

export function tell(session: Session, { files, summaries }: Ran): void {
  const whole = sumOf(summaries);
  // Nothing was begun: the failure says it all.
  if (files.length === 0 && summaries.length === 0) return;
  if (session.globals.json) {
    const { type: _type, id: _id, files: count, ...totals } = whole;
    session.json({ files, transfers: summaries.map(({ id }) => id), count, ...totals });
    return;
  }
  for (const file of files) {
    const isBad = file.code !== null;
    const isNamed = isBad || files.length <= NAMED_FILES || session.globals.verbose;
    if (isBad && files.length > 1) session.io.err(`${fileLine(file)}\n`);
    else if (isNamed && !isBad) session.say(fileLine(file));
  }
  if (summaries.length > 0) session.note(endLine(whole));
}

/** What stopped it: of one transfer its own failure. */
export function throwFailure(session: Session, { failures }: Ran, asked: number): void {
  const [first] = failures;
  if (first === undefined) return;
  if (asked === 1 || session.signal.aborted) throw first;
  const details = failures.map((error) => (error instanceof Error ? error.message : String(error)));
  throw new SyncError("E_PARTIAL", `${failures.length} of ${asked} failed: ${details.join("; ")}`);
}

function sumOf(summaries: readonly Summary[]): Summary {
  const [first, ...others] = summaries;
  if (first === undefined) return EMPTY;
  const add = (of: (summary: Summary) => number): number => summaries.reduce((sum, summary) => sum + of(summary), 0);
  return {
    ...first,
    state: others.find(({ state }) => state !== "done")?.state ?? first.state,
    files: add(({ files }) => files),
    stored: add(({ stored }) => stored),
    unchanged: add(({ unchanged }) => unchanged),
    skipped: add(({ skipped }) => skipped),
    failed: add(({ failed }) => failed),
    fileBytes: add(({ fileBytes }) => fileBytes),
    wireBytes: add(({ wireBytes }) => wireBytes),
    saved: {
      delta: add(({ saved }) => saved.delta),
      reuse: add(({ saved }) => saved.reuse),
      compression: add(({ saved }) => saved.compression),
    },
    durationMs: Math.max(...summaries.map(({ durationMs }) => durationMs)),
  };
}

const EMPTY: Summary = {
  type: "summary",
  id: 0,
  state: "failed",
  files: 0,
  stored: 0,
  unchanged: 0,
  skipped: 0,
  failed: 0,
  transport: null,
  why: null,
  fileBytes: 0,
  wireBytes: 0,
  saved: { delta: 0, reuse: 0, compression: 0 },
  durationMs: 0,
};

/** A line for each transfer that runs, and one for all when there are several. */
class Screen {
  readonly #session: Session;
  readonly #area: LiveArea | undefined;
  readonly #running = new Map<string, TransferProgress>();
  readonly #all = new TransferProgress();
  #over = { doneBytes: 0, wireBytes: 0 };

  constructor(session: Session) {
    this.#session = session;
    this.#area = session.isLive ? new LiveArea(session.io) : undefined;
  }

  show(label: string, line: ProgressLine): void {
    if (this.#area === undefined) return;
    const now = this.#session.io.now().getTime();
    const known = this.#running.get(label) ?? new TransferProgress();
    this.#running.set(label, known);
    known.add(line, now);
    this.#all.add(this.#sum(line), now);
    const lines = [...this.#running].map(([name, progress]) => progress.line(name));
    this.#area.draw(this.#running.size > 1 ? [...lines, this.#all.line("all")] : lines);
  }

  over(label: string): void {
    const last = this.#running.get(label)?.last;
    this.#running.delete(label);
    this.#over = {
      doneBytes: this.#over.doneBytes + (last?.doneBytes ?? 0),
      wireBytes: this.#over.wireBytes + (last?.wireBytes ?? 0),
    };
  }

  clear(): void {
    this.#area?.clear();
  }

  #sum(line: ProgressLine): ProgressLine {
    const lasts = [...this.#running.values()].flatMap(({ last }) => last ?? []);
    const total = (of: (last: ProgressLine) => number): number => lasts.reduce((sum, last) => sum + of(last), 0);
    const areKnown = lasts.every(({ bytes }) => bytes !== null);
    return {
      ...line,
      state: "running",
      doneFiles: total(({ doneFiles }) => doneFiles),
      files: null,
      doneBytes: this.#over.doneBytes + total(({ doneBytes }) => doneBytes),
      bytes: areKnown ? this.#over.doneBytes + total(({ bytes }) => bytes ?? 0) : null,
      wireBytes: this.#over.wireBytes + total(({ wireBytes }) => wireBytes),
    };
  }
}
