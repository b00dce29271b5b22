/** `syncline support-bundle`: what others need to help, and nothing that would let them in. */
import { open, readdir, readFile, writeFile } from "node:fs/promises";
import { cpus, freemem, release, totalmem } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { gzipSync } from "node:zlib";
import { SyncError } from "../../shared/errors.ts";
import { printable } from "../../shared/printable.ts";
import { textOption } from "../arguments.ts";
import type { CommandHandler } from "../command-rows/command-row.ts";
import { formatBytes } from "../render/format.ts";
import type { Session } from "../session.ts";
import { redact, secretWords } from "../support/redact.ts";
import { type TarEntry, tar } from "../support/tar.ts";
import { programVersion } from "./version.ts";

/** Of each log file the end; what was long ago is seldom asked for. */
const LOG_BYTES_MAX = 4 * 1024 * 1024;
/** A daemon that hangs must not keep the bundle from being made: that is when it is needed. */
const ANSWER_MS = 20_000;
const EVENTS_MAX = 1000;

const READ_ME = `What \`syncline support-bundle\` packed on this machine, for whoever helps with a problem.

Keys, passwords, pairing codes, links and tokens were replaced by [removed]. Names of files, folders and
devices and network addresses are still in it: look through it before you send it.
`;

export const supportBundle: CommandHandler = async (session, _args, options) => {
  const now = session.io.now();
  const stamp = now.toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-");
  const path = resolve(session.io.cwd, textOption(options, "output") ?? `syncline-support-${stamp}.tar.gz`);
  const secrets = secretWords(await secretTexts(session));
  const texts = await gather(session);
  const entries = texts.map(
    ({ name, text }): TarEntry => ({ name: `syncline-support/${name}`, content: Buffer.from(redact(text, secrets)) }),
  );
  const bytes = gzipSync(tar(entries, Math.floor(now.getTime() / 1000)));
  try {
    await writeFile(path, bytes, { flag: "wx", mode: 0o600 });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "EEXIST") throw new SyncError("E_EXISTS", `${path} exists`, { cause });
    throw new SyncError("E_PERMISSION", `${path} cannot be written: ${message}`, { cause });
  }
  const files = texts.map(({ name }) => name);
  if (session.globals.json) session.json({ path, bytes: bytes.length, files });
  else {
    session.say(`${session.style("green", "✓")} ${printable(path)}  (${formatBytes(bytes.length)})`);
    session.say(`  ${files.join(", ")}`);
    session.say("  Names of files and devices are in it: look through it before you send it.");
  }
};

interface Text {
  readonly name: string;
  readonly text: string;
}

/** What must not be seen anywhere. A file that cannot be read cannot have been copied either. */
async function secretTexts({ paths }: Session): Promise<readonly string[]> {
  const names = await readdir(paths.stateDir).catch(() => []);
  const secret = names.filter((name) => /^key\.pem|session|login|secret|token|open.*\.html$/i.test(name));
  return await Promise.all(secret.map((name) => readFile(join(paths.stateDir, name), "utf8").catch(() => "")));
}

async function gather(session: Session): Promise<readonly Text[]> {
  const { paths } = session;
  const versions = {
    syncline: programVersion(),
    node: process.versions,
    platform: `${process.platform}-${process.arch}`,
    system: { release: release(), cpus: cpus().length, memoryBytes: totalmem(), freeBytes: freemem() },
  };
  return [
    { name: "README.txt", text: READ_ME },
    { name: "versions.json", text: pretty(versions) },
    ...(await daemonTexts(session)),
    { name: "config.json", text: await readFile(paths.configFile, "utf8").catch((error: Error) => error.message) },
    { name: "home.txt", text: (await readdir(paths.stateDir).catch(() => [])).join("\n") },
    ...(await logTexts(paths.logDir)),
  ];
}

async function daemonTexts(session: Session): Promise<readonly Text[]> {
  const signal = AbortSignal.any([session.signal, AbortSignal.timeout(ANSWER_MS)]);
  const ask = async (name: string, question: () => Promise<unknown>): Promise<Text> => {
    try {
      return { name, text: pretty(await question()) };
    } catch (error) {
      session.interrupt.throwIfAborted();
      return { name, text: `no answer: ${error instanceof Error ? error.message : String(error)}\n` };
    }
  };
  const events = async (): Promise<readonly unknown[]> => {
    const found: unknown[] = [];
    for await (const event of session.stream("events", { limit: EVENTS_MAX }, { signal })) found.push(event);
    return found;
  };
  const client = session.client();
  client.catch(() => {});
  return await Promise.all([
    ask("daemon.json", async () => (await client).call("version", {}, signal)),
    ask("status.json", async () => (await client).call("status", {}, signal)),
    ask("doctor.json", async () => (await client).call("doctor", {}, signal)),
    ask("events.json", events),
  ]);
}

async function logTexts(directory: string): Promise<readonly Text[]> {
  const names = (await readdir(directory).catch(() => [])).filter((name) => name.endsWith(".log")).sort();
  return await Promise.all(
    names.map(async (name) => ({ name: `logs/${name}`, text: await tail(join(directory, name)) })),
  );
}

async function tail(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const length = Math.min(size, LOG_BYTES_MAX);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.subarray(0, bytesRead).toString("utf8");
  } finally {
    await file.close();
  }
}

function pretty(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
