/** `syncline diff`: what differs between two versions of a text file. */
import { createTwoFilesPatch } from "diff";
import { SyncError } from "../../shared/errors.ts";
import { printable } from "../../shared/printable.ts";
import { optionalArgument, textArgument } from "../arguments.ts";
import type { CommandHandler } from "../command-rows/command-row.ts";
import { locateAnywhere } from "../locate.ts";
import { splitVersion } from "../remote-path.ts";
import { formatTime } from "../render/format.ts";
import type { Session } from "../session.ts";

/** Two files that have little in common are not worth a longer search. */
const SEARCH_MS = 10_000;
const CONTEXT_LINES = 3;

interface Version {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly version: number;
  readonly time: string;
  readonly device: string;
}

export const diff: CommandHandler = async (session, args) => {
  const first = splitVersion(textArgument(args, 0));
  const other = optionalArgument(args, 1);
  // Not split again: a name may itself end as if it had a version.
  const second: Named = other === undefined ? { path: first.path, version: undefined } : splitVersion(other);
  if (first.path === second.path && first.version === second.version)
    throw new SyncError("E_USAGE", "a version is compared with another one", {
      hint: "name it: syncline diff PATH@1, see `syncline versions PATH`",
    });
  const [a, b] = await Promise.all([read(session, first), read(session, second)]);
  const same = Buffer.compare(a.bytes, b.bytes) === 0;
  const texts = [textOf(a.bytes), textOf(b.bytes)] as const;
  const isBinary = texts[0] === undefined || texts[1] === undefined;
  const patch = same || isBinary ? null : patchOf([a, b], [texts[0] ?? "", texts[1] ?? ""]);
  if (session.globals.json) {
    const facts = ({ name, version, time, device, bytes }: Version): object => ({
      path: name,
      version,
      time,
      device,
      size: bytes.length,
    });
    session.json({ same, binary: isBinary, patch, from: facts(a), to: facts(b) });
  } else if (patch !== null) session.print(shown(session, patch.trimEnd()));
  else if (same) session.note(`${label(a)} and ${label(b)} are the same`);
  else session.print(`binary files ${label(a)} and ${label(b)} differ`);
  return undefined;
};

type Named = ReturnType<typeof splitVersion>;

async function read(session: Session, { path, version }: Named): Promise<Version> {
  const { peer, place } = await locateAnywhere(session, path);
  const pieces: Uint8Array[] = [];
  for await (const line of session.stream("versionRead", version === undefined ? place : { ...place, version }, {
    peer,
  })) {
    if (line.type === "piece") pieces.push(Buffer.from(line.base64, "base64"));
    else
      return { name: path, bytes: Buffer.concat(pieces), version: line.version, time: line.time, device: line.device };
  }
  throw new SyncError("E_PROTOCOL", "the answer broke off");
}

/** Undefined for what is no text. */
function textOf(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function label({ name, version }: Version): string {
  return printable(`${name}@${version}`);
}

function patchOf([a, b]: readonly [Version, Version], [old, next]: readonly [string, string]): string {
  const header = ({ time, device }: Version): string => printable(`${formatTime(time)} ${device}`);
  const options = { context: CONTEXT_LINES, timeout: SEARCH_MS } as const;
  const patch = createTwoFilesPatch(label(a), label(b), old, next, header(a), header(b), options);
  if (patch !== undefined) return patch;
  throw new SyncError("E_TIMEOUT", `${label(a)} and ${label(b)} have too little in common to be compared as text`, {
    hint: "download both and compare them with another program",
  });
}

/**
 * Lines whose content cannot move a cursor, in colour where that is seen. Tabs
 * stay, and off a terminal line ends of Windows: the patch can be applied.
 * With --json it is exact.
 */
function shown(session: Session, patch: string): string {
  return patch
    .split("\n")
    .map((line) => {
      const end = line.endsWith("\r") && !session.io.isTerminal ? "\r" : "";
      const text =
        line
          .slice(0, line.length - end.length)
          .split("\t")
          .map(printable)
          .join("\t") + end;
      if (/^(?:---|\+\+\+|===)/.test(line)) return session.style("bold", text);
      if (line.startsWith("@@")) return session.style("cyan", text);
      if (line.startsWith("+")) return session.style("green", text);
      return line.startsWith("-") ? session.style("red", text) : text;
    })
    .join("\n");
}
