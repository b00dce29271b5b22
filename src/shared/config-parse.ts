/**
 * Reads the text of config.json and says what is wrong with it, line by line.
 * Pure: the daemon and `config validate` hand in the text.
 */
import type { z } from "zod";
import { CONFIG_SCHEMA, CONFIG_VERSION, type ConfigFile } from "./config-schema.ts";
import { SETTING_KEYS } from "./config-settings.ts";
import { nearest } from "./did-you-mean.ts";
import { SyncError } from "./errors.ts";
import { type KeyLines, keyLines } from "./json-lines.ts";

export interface ConfigFault {
  /** 1-based. */
  readonly line: number;
  /** `folders.docs.mode`; "" for the whole file. */
  readonly key: string;
  readonly message: string;
  readonly suggestion: string | undefined;
}

export type ParsedConfig =
  | { readonly ok: true; readonly config: ConfigFile }
  | { readonly ok: false; readonly faults: readonly ConfigFault[] };

const FOLDER_KEYS = ["label", "path", "mode", "paused", "ignore", "peers"];
const PEER_KEYS = ["name", "role", "paused", "addresses", "words"];

/** Parses the whole file. An empty one is an empty configuration. */
export function parseConfig(text: string): ParsedConfig {
  if (text.trim() === "") return parseConfigValue({}, { lines: new Map(), repeated: [] });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { ok: false, faults: [syntaxFault(text, error)] };
  }
  const lines = keyLines(text);
  const repeated = lines.repeated.map(({ path, line }): ConfigFault => fault(line, path, "is given twice"));
  return repeated.length > 0 ? { ok: false, faults: repeated } : parseConfigValue(value, lines);
}

function parseConfigValue(value: unknown, lines: KeyLines): ParsedConfig {
  const newer = versionFault(value, lines);
  if (newer !== undefined) return { ok: false, faults: [newer] };
  const result = CONFIG_SCHEMA.safeParse(value, { reportInput: true });
  if (result.success) return { ok: true, config: result.data as ConfigFile };
  return {
    ok: false,
    faults: result.error.issues.flatMap((issue) => faultsOf(issue, lines)).sort((a, b) => a.line - b.line),
  };
}

function versionFault(value: unknown, lines: KeyLines): ConfigFault | undefined {
  const version = typeof value === "object" && value !== null && "version" in value ? value.version : CONFIG_VERSION;
  if (typeof version !== "number" || version <= CONFIG_VERSION) return undefined;
  return fault(
    lineOf(lines, ["version"]),
    ["version"],
    `is ${version}: this file was written by a newer Syncline; update this one`,
  );
}

/** Checks a configuration that was changed in memory. */
export function checkConfig(value: unknown): ParsedConfig {
  return parseConfigValue(value, { lines: new Map(), repeated: [] });
}

/** One fault as a sentence: `line 4: unknown key "lisen"; did you mean "listen"?` */
export function describeFault({ line, key, message, suggestion }: ConfigFault): string {
  const about = key === "" ? message : `${key} ${message}`;
  return `${line > 0 ? `line ${line}: ` : ""}${about}${suggestion === undefined ? "" : `; did you mean "${suggestion}"?`}`;
}

/** The error for a file that is refused. */
export function badConfig(file: string, faults: readonly ConfigFault[]): SyncError {
  return new SyncError("E_BAD_CONFIG", `${file}: ${faults.map(describeFault).join("; ")}`, { facts: { file, faults } });
}

function syntaxFault(text: string, error: unknown): ConfigFault {
  const message = error instanceof Error ? error.message : String(error);
  const position = /at position (\d+)/.exec(message)?.[1];
  const before = position === undefined ? text.trimEnd() : text.slice(0, Number(position));
  return fault(
    before.split("\n").length,
    [],
    `is not JSON: ${message.replace(/ in JSON at position.*$/, "").replace(/,? *"\.{3}.*$/s, "")}`,
  );
}

function faultsOf(issue: z.core.$ZodIssue, lines: KeyLines): readonly ConfigFault[] {
  const path = issue.path.map(String);
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => ({
        ...fault(lineOf(lines, [...path, key]), [], `unknown key "${[...path, key].join(".")}"`),
        suggestion: nearest(key, knownKeys(path)),
      }));
    case "invalid_key":
      return [fault(lineOf(lines, path), path, issue.issues[0]?.message ?? "is not allowed as a key")];
    case "invalid_value":
      return [
        {
          ...fault(lineOf(lines, path), path, `must be ${issue.values.map(String).join(", ")}`),
          suggestion: nearInput(issue),
        },
      ];
    case "invalid_type":
      if (path.length === 0) return [fault(1, [], "config.json must hold one object in braces")];
      return [
        fault(
          lineOf(lines, path),
          path,
          issue.input === undefined ? "is missing" : `must be ${withArticle(issue.expected)}`,
        ),
      ];
    default:
      return [fault(lineOf(lines, path), path, sentenceOf(issue))];
  }
}

function sentenceOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "too_small":
      return `must be at least ${issue.minimum}${issue.origin === "string" ? " long" : ""}`;
    case "too_big":
      return `must be at most ${issue.maximum}${issue.origin === "string" ? " long" : ""}`;
    default:
      return issue.message;
  }
}

function nearInput(issue: z.core.$ZodIssueInvalidValue): string | undefined {
  return typeof issue.input === "string" ? nearest(issue.input, issue.values.map(String)) : undefined;
}

function withArticle(noun: string): string {
  return `${/^[aeio]/.test(noun) ? "an" : "a"} ${noun}`;
}

function knownKeys(path: readonly string[]): readonly string[] {
  if (path.length === 0) return ["version", ...SETTING_KEYS, "folders", "peers"];
  if (path.length === 2) return path[0] === "folders" ? FOLDER_KEYS : PEER_KEYS;
  return ["rights"];
}

function fault(line: number, path: readonly string[], message: string): ConfigFault {
  return { line, key: path.join("."), message, suggestion: undefined };
}

/** The line of a key, or of the nearest one around it that is written. */
function lineOf({ lines }: KeyLines, path: readonly string[]): number {
  for (let length = path.length; length > 0; length--) {
    const line = lines.get(JSON.stringify(path.slice(0, length)));
    if (line !== undefined) return line;
  }
  return lines.size > 0 ? 1 : 0;
}
