/**
 * `npm run docs`: writes docs/errors.md and docs/limits.md from the tables of
 * the program. test/tidy.test.ts fails when they are out of date.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ERRORS, type ErrorCode, EXIT } from "../src/shared/errors.ts";
import { LIMITS } from "../src/shared/limits.ts";
import { ERROR_MEANINGS } from "./error-meanings.ts";

const NOTE = "<!-- Written by `npm run docs`; do not edit. -->";

/** One sentence for each exit code. */
const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  done: "done",
  other: "another failure",
  usage: "wrong usage or configuration",
  partial: "some items failed or are held",
  notFound: "peer, folder, path or version not found",
  notAllowed: "not allowed",
  offline: "peer offline, or time ran out",
  hashDiffers: "hash differs",
  duplicate: "duplicate or conflict refused",
  notRunning: "daemon not running",
  badCode: "pairing code wrong or expired",
  diskFull: "disk or quota full",
  interrupted: "interrupted",
};

/** Text of docs/errors.md: the codes by exit code, each with its meaning and next step. */
export function renderErrors(): string {
  const codes = Object.keys(ERRORS) as ErrorCode[];
  const sections = (Object.keys(EXIT) as (keyof typeof EXIT)[]).map((name) => {
    const rows = codes
      .filter((code) => ERRORS[code].exit === EXIT[name])
      .map((code) => `| <a id="${code}"></a>\`${code}\` | ${ERROR_MEANINGS[code]} | ${cell(ERRORS[code].hint)} |`);
    const table = rows.length === 0 ? [] : ["", "| Code | What happened | Next step |", "|---|---|---|", ...rows];
    return [`## Exit ${EXIT[name]}: ${EXIT_MEANINGS[name]}`, ...table].join("\n");
  });
  return `# Errors

${NOTE}

Every failure has a code that scripts may rely on, and a next step. Where it is met, the message names the file, folder
or device, and the step may be more exact than the one here. With \`--json\` a failed command prints
\`{"v":1,"type":"error","code","exit","message","hint"}\` on standard error. Codes of single paths appear in
\`syncline status\` and \`syncline why PATH\`.

${sections.join("\n\n")}
`;
}

/** Text of docs/limits.md. */
export function renderLimits(): string {
  const rows = Object.entries(LIMITS).map(
    ([name, { value, unit, why }]) => `| \`${name}\` | ${quantity(value, unit)} | ${cell(why)} |`,
  );
  return `# Limits

${NOTE}

Nothing here grows without a bound. Each limit is checked before anything is allocated for it, and none is switched off
by 0. The table is \`src/shared/limits.ts\`.

| Limit | Value | Why |
|---|---|---|
${rows.join("\n")}
`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

/** Writes a value in the largest unit that divides it: 600000 ms are 10 min. */
function quantity(value: number, unit: string): string {
  const larger = LARGER_UNITS[unit]?.find(({ size }) => value >= size && value % size === 0);
  return larger === undefined ? `${grouped(value)} ${unit}` : `${grouped(value / larger.size)} ${larger.unit}`;
}

function grouped(value: number): string {
  return value.toLocaleString("en-US");
}

interface LargerUnit {
  readonly unit: string;
  readonly size: number;
}

const LARGER_UNITS: Readonly<Record<string, readonly LargerUnit[]>> = {
  bytes: [
    { unit: "TiB", size: 2 ** 40 },
    { unit: "GiB", size: 2 ** 30 },
    { unit: "MiB", size: 2 ** 20 },
    { unit: "KiB", size: 2 ** 10 },
  ],
  ms: [
    { unit: "d", size: 86_400_000 },
    { unit: "h", size: 3_600_000 },
    { unit: "min", size: 60_000 },
    { unit: "s", size: 1000 },
  ],
};

if (import.meta.main) {
  const docs = join(import.meta.dirname, "../docs");
  writeFileSync(join(docs, "errors.md"), renderErrors());
  writeFileSync(join(docs, "limits.md"), renderLimits());
}
