/** The fields that narrow a list of files down: by name or pattern, and by time. */
import type { Signal } from "@preact/signals";
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { Failure } from "../api/client.ts";
import type { FileFilter, FilterKind } from "../text/list-query.ts";
import { Choice, Field } from "../ui/form.tsx";

const HOUR_MS = 3_600_000;

const KINDS = [
  ["contains", "Name contains"],
  ["glob", "Pattern, such as **/*.pdf"],
  ["regex", "Regular expression"],
] as const satisfies readonly (readonly [FilterKind, string])[];

const TIMES = [
  ["any", "at any time"],
  ["1h", "in the last hour"],
  ["24h", "in the last 24 hours"],
  ["7d", "in the last 7 days"],
  ["30d", "in the last 30 days"],
  ["between", "between two times"],
] as const;
const TIME_MS = { "1h": HOUR_MS, "24h": 24 * HOUR_MS, "7d": 168 * HOUR_MS, "30d": 720 * HOUR_MS };

export const EVERYTHING: FileFilter = { kind: "contains", text: "", fromMs: null, toMs: null };

export function FileFindField(props: {
  readonly filter: Signal<FileFilter>;
  /** What is wrong with the pattern. */
  readonly fault: Failure | undefined;
}): JSX.Element {
  const { filter, fault } = props;
  return (
    <Field
      label="Find"
      type="search"
      value={filter.value.text}
      onChange={(text) => (filter.value = { ...filter.value, text })}
      isWrong={fault !== undefined}
      hint={fault === undefined ? undefined : <PatternFault pattern={filter.value.text} fault={fault} />}
    />
  );
}

/** How it is found: by what kind of pattern, and when it was changed. */
export function FileFindWays({ filter }: { readonly filter: Signal<FileFilter> }): JSX.Element {
  const time = useSignal<(typeof TIMES)[number][0]>("any");
  const change = (changes: Partial<FileFilter>): void => {
    filter.value = { ...filter.value, ...changes };
  };
  const choose = (value: (typeof TIMES)[number][0]): void => {
    time.value = value;
    const sinceMs = value === "any" || value === "between" ? null : Date.now() - TIME_MS[value];
    change({ fromMs: sinceMs, toMs: null });
  };
  return (
    <>
      <Choice label="Find by" value={filter.value.kind} options={KINDS} onChange={(kind) => change({ kind })} />
      <Choice label="Changed" value={time.value} options={TIMES} onChange={choose} />
      {time.value === "between" ? (
        <>
          <Field
            label="From"
            type="datetime-local"
            value={localText(filter.value.fromMs)}
            onChange={(text) => change({ fromMs: msOf(text) })}
          />
          <Field
            label="Until"
            type="datetime-local"
            value={localText(filter.value.toMs)}
            onChange={(text) => change({ toMs: msOf(text) })}
          />
        </>
      ) : null}
    </>
  );
}

/** Says what is wrong, and points at the character. */
function PatternFault({ pattern, fault }: { readonly pattern: string; readonly fault: Failure }): JSX.Element {
  const { index, message } = fault;
  return (
    <span class="pattern-fault" role="alert">
      {message}
      {index === undefined || index > pattern.length ? null : (
        <code aria-hidden="true">
          {pattern.slice(0, index)}
          <span class="caret">{pattern.slice(index, index + 1) || " "}</span>
          {pattern.slice(index + 1)}
        </code>
      )}
    </span>
  );
}

function msOf(text: string): number | null {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}

/** As such a field wants it: in the local zone, to the minute. */
function localText(ms: number | null): string {
  if (ms === null) return "";
  const time = new Date(ms);
  return new Date(ms - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
