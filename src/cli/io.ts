/** Everything the command line does to the world around it; tests hand in their own. */
import { once } from "node:events";
import { homedir } from "node:os";
import process from "node:process";

export interface Io {
  /** Data. */
  out(text: string): void;
  /** Much data: resolves when the reader has kept up. */
  write(text: string): Promise<void>;
  /** The same for a file's content. */
  writeBytes(bytes: Uint8Array): Promise<void>;
  /** Messages. */
  err(text: string): void;
  /** Whether a person sees standard output. */
  readonly isTerminal: boolean;
  readonly isErrTerminal: boolean;
  /** Whether somebody can answer a question. */
  readonly isInteractive: boolean;
  columns(): number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly platform: string;
  readonly userHome: string;
  readonly uid: number | undefined;
  now(): Date;
  /** From here on Ctrl-C is the business of what runs in the foreground. */
  leaveSignals(): void;
  /** Asks for a line; undefined when input ends first. */
  ask(question: string): Promise<string | undefined>;
  /** The same without showing what is typed. */
  askSecret(question: string): Promise<string | undefined>;
  /** The next line of standard input. */
  readLine(): Promise<string | undefined>;
  /** Standard input as it comes. */
  readBytes(): AsyncIterable<Uint8Array>;
}

/** The real one. */
export function processIo(leaveSignals: () => void): Io {
  const nextLine = lineReader(process.stdin);
  return {
    out: (text) => void process.stdout.write(text),
    write: async (text) => {
      if (!process.stdout.write(text)) await once(process.stdout, "drain");
    },
    writeBytes: async (bytes) => {
      if (!process.stdout.write(bytes)) await once(process.stdout, "drain");
    },
    err: (text) => void process.stderr.write(text),
    isTerminal: process.stdout.isTTY === true,
    isErrTerminal: process.stderr.isTTY === true,
    isInteractive: process.stdin.isTTY === true && process.stderr.isTTY === true,
    // A terminal that does not know its width says 0.
    columns: () => process.stdout.columns || process.stderr.columns || 80,
    env: process.env,
    cwd: process.cwd(),
    platform: process.platform,
    userHome: homedir(),
    uid: process.geteuid?.(),
    now: () => new Date(),
    leaveSignals,
    ask,
    askSecret,
    readLine: nextLine,
    readBytes: () => process.stdin as AsyncIterable<Uint8Array>,
  };
}

async function ask(question: string): Promise<string | undefined> {
  const { createInterface } = await import("node:readline/promises");
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: false });
  try {
    return await Promise.race([lines.question(question), closed(lines)]);
  } catch {
    return undefined;
  } finally {
    lines.close();
    process.stdin.unref?.();
  }
}

/** Reads lines one by one, and no more than it must: what is behind them is the next call's. */
function lineReader(input: NodeJS.ReadStream): () => Promise<string | undefined> {
  let rest = "";
  let isOver = false;
  return async () => {
    input.setEncoding("utf8");
    try {
      for (;;) {
        const end = rest.indexOf("\n");
        if (end !== -1 || isOver) {
          const line = end === -1 ? rest : rest.slice(0, end);
          rest = end === -1 ? "" : rest.slice(end + 1);
          return end === -1 && line === "" ? undefined : line;
        }
        const chunk = await nextChunk(input);
        if (chunk === undefined) isOver = true;
        else rest += chunk;
      }
    } finally {
      input.pause();
      input.unref?.();
    }
  };
}

function nextChunk(input: NodeJS.ReadStream): Promise<string | undefined> {
  return new Promise((resolve) => {
    const settle = (chunk?: string): void => {
      input.off("data", settle).off("end", settle).off("error", onError);
      resolve(chunk);
    };
    const onError = (): void => settle();
    input.once("data", settle).once("end", settle).once("error", onError).resume();
    input.ref?.();
  });
}

async function askSecret(question: string): Promise<string | undefined> {
  const { createInterface } = await import("node:readline/promises");
  const { Writable } = await import("node:stream");
  process.stderr.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  // In this mode the terminal hands Ctrl-C over as a key.
  lines.once("SIGINT", () => {
    lines.close();
    process.kill(process.pid, "SIGINT");
  });
  try {
    return await Promise.race([lines.question(""), closed(lines)]);
  } catch {
    return undefined;
  } finally {
    lines.close();
    process.stdin.unref?.();
    process.stderr.write("\n");
  }
}

async function closed(lines: { once(event: "close", listener: () => void): unknown }): Promise<undefined> {
  await new Promise<void>((resolve) => lines.once("close", resolve));
  return undefined;
}
