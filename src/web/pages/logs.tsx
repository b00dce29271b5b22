import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { RouteOutput } from "../../shared/api.ts";
import type { LogLine } from "../../shared/api-node.ts";
import { collect, stream } from "../api/client.ts";
import { moment } from "../text/format.ts";
import { Answer } from "../ui/answer.tsx";
import { Card, Empty, Page } from "../ui/basics.tsx";
import { Choice, Field } from "../ui/form.tsx";
import { useStream } from "../ui/use-stream.ts";

const LEVELS = [
  ["debug", "Everything"],
  ["info", "Info and worse"],
  ["warn", "Warnings and errors"],
  ["error", "Errors"],
] as const;
const LINES_SHOWN = 500;

export function LogsPage(): JSX.Element {
  const level = useSignal<(typeof LEVELS)[number][0]>("info");
  const filter = useSignal("");
  return (
    <Page title="Logs">
      <Card>
        <div class="row-fields">
          <Choice label="Level" value={level.value} options={LEVELS} onChange={(value) => (level.value = value)} />
          <Field label="Contains" type="search" value={filter.value} onChange={(value) => (filter.value = value)} />
        </div>
        <Lines level={level.value} filter={filter.value.toLowerCase()} />
      </Card>
    </Page>
  );
}

/** Follows the log. */
function Lines({ level, filter }: { readonly level: LogLine["level"]; readonly filter: string }): JSX.Element {
  const lines = useStream(
    {
      follow: (signal) => stream("logs", { lines: LINES_SHOWN, level, follow: true }, signal),
      isEmpty: async (signal) => !(await collect("logs", { lines: 1, level }, signal)).some(isLine),
      add: (shown: readonly LogLine[] = [], more) => [...shown, ...more.filter(isLine)].slice(-LINES_SHOWN),
    },
    level,
  );
  return (
    <Answer of={lines} loading="Reading the log…">
      {(value) => <Shown lines={value.map(words).filter(({ text }) => text.toLowerCase().includes(filter))} />}
    </Answer>
  );
}

function isLine(line: RouteOutput<"logs">): line is LogLine {
  return "level" in line;
}

function Shown({ lines }: { readonly lines: readonly Words[] }): JSX.Element {
  if (lines.length === 0) return <Empty icon="log" title="No line of this kind" />;
  return (
    // A list that scrolls is reached by keyboard, too.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
    <ol class="log" tabIndex={0} aria-label="Log lines, oldest first">
      {lines.map(({ line, facts }, index) => (
        <li key={`${line.time}${index}`} class={line.level}>
          <time dateTime={line.time} class="muted">
            {moment(new Date(line.time))}
          </time>{" "}
          {line.level.toUpperCase()} {line.message} <span class="facts-inline">{facts}</span>
        </li>
      ))}
    </ol>
  );
}

interface Words {
  readonly line: LogLine;
  readonly facts: string;
  readonly text: string;
}

function words(line: LogLine): Words {
  const facts = Object.entries(line.fields)
    .map(([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ");
  return { line, facts, text: `${line.level} ${line.message} ${facts}` };
}
