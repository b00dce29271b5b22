import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { RouteOutput } from "../../shared/api.ts";
import type { LogLine } from "../../shared/api-node.ts";
import { factsText } from "../../shared/log-text.ts";
import { collect, stream } from "../api/client.ts";
import { moment } from "../text/format.ts";
import { Answer } from "../ui/answer.tsx";
import { Card, Empty, Page } from "../ui/basics.tsx";
import { Choice, Field } from "../ui/form.tsx";
import { TYPING_MS, useSettled } from "../ui/use-settled.ts";
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
  const text = useSignal("");
  const contains = useSettled(text.value.trim(), TYPING_MS);
  return (
    <Page title="Logs">
      <Card>
        <div class="row-fields">
          <Choice label="Level" value={level.value} options={LEVELS} onChange={(value) => (level.value = value)} />
          <Field label="Contains" type="search" value={text.value} onChange={(value) => (text.value = value)} />
        </div>
        <Lines asked={{ level: level.value, ...(contains === "" ? {} : { contains }) }} />
      </Card>
    </Page>
  );
}

interface Asked {
  readonly level: LogLine["level"];
  readonly contains?: string;
}

/** Follows the log. */
function Lines({ asked }: { readonly asked: Asked }): JSX.Element {
  const lines = useStream(
    {
      follow: (signal) => stream("logs", { ...asked, lines: LINES_SHOWN, follow: true }, signal),
      isEmpty: async (signal) => !(await collect("logs", { ...asked, lines: 1 }, signal)).some(isLine),
      add: (shown: readonly LogLine[] = [], more) => [...shown, ...more.filter(isLine)].slice(-LINES_SHOWN),
    },
    JSON.stringify(asked),
  );
  return (
    <Answer of={lines} loading="Reading the log…">
      {(value) => <Shown lines={value} />}
    </Answer>
  );
}

function isLine(line: RouteOutput<"logs">): line is LogLine {
  return "level" in line;
}

function Shown({ lines }: { readonly lines: readonly LogLine[] }): JSX.Element {
  if (lines.length === 0) return <Empty icon="log" title="No line of this kind" />;
  return (
    // A list that scrolls is reached by keyboard, too.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
    <ol class="log" tabIndex={0} aria-label="Log lines, oldest first">
      {lines.map((line, index) => (
        <li key={`${line.time}${index}`} class={line.level}>
          <time dateTime={line.time} class="muted">
            {moment(new Date(line.time))}
          </time>{" "}
          {line.level.toUpperCase()} {line.message} <span class="facts-inline">{factsText(line.fields)}</span>
        </li>
      ))}
    </ol>
  );
}
