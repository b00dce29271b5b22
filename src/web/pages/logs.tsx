import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { LogLine } from "../../shared/api.ts";
import { stream } from "../api/client.ts";
import { link, may } from "../api/live.ts";
import { moment } from "../text/format.ts";
import { Card, Empty, Loading, NoRight, Page, Problem } from "../ui/basics.tsx";
import { Choice, Field } from "../ui/form.tsx";

const LEVELS = [
  ["debug", "Everything"],
  ["info", "Info and worse"],
  ["warn", "Warnings and errors"],
  ["error", "Errors"],
] as const;
const LINES_SHOWN = 500;
const GATHER_MS = 250;

export function LogsPage(): JSX.Element {
  const level = useSignal<(typeof LEVELS)[number][0]>("info");
  const filter = useSignal("");
  if (!may("logs")) return <NoRight />;
  return (
    <Page title="Logs">
      <Card>
        <div class="row-fields">
          <Choice label="Level" value={level.value} options={LEVELS} onChange={(value) => (level.value = value)} />
          <Field label="Contains" type="search" value={filter.value} onChange={(value) => (filter.value = value)} />
        </div>
        <Lines key={`${level.value}${link.value}`} level={level.value} filter={filter.value.toLowerCase()} />
      </Card>
    </Page>
  );
}

/** Follows the log; lines of a burst are shown together. */
function Lines({ level, filter }: { readonly level: LogLine["level"]; readonly filter: string }): JSX.Element {
  const lines = useSignal<readonly LogLine[] | undefined>(undefined);
  const error = useSignal<unknown>(undefined);
  useEffect(() => {
    const stop = new AbortController();
    let gathered: LogLine[] = [];
    const timer = setInterval(() => {
      if (gathered.length === 0 && lines.peek() !== undefined) return;
      lines.value = [...(lines.peek() ?? []), ...gathered].slice(-LINES_SHOWN);
      gathered = [];
    }, GATHER_MS);
    const follow = async (): Promise<void> => {
      try {
        for await (const item of stream("logs", { lines: LINES_SHOWN, level, follow: true }, stop.signal))
          if ("level" in item) gathered.push(item);
      } catch (failure) {
        if (!stop.signal.aborted) error.value = failure;
      }
    };
    void follow();
    return () => {
      stop.abort();
      clearInterval(timer);
    };
  }, []);
  if (error.value !== undefined) return <Problem error={error.value} />;
  if (lines.value === undefined) return <Loading what="Reading the log…" />;
  const shown = lines.value.map(words).filter(({ text }) => text.toLowerCase().includes(filter));
  if (shown.length === 0) return <Empty icon="log" title="No line of this kind" />;
  return (
    // A list that scrolls is reached by keyboard, too.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
    <ol class="log" tabIndex={0} aria-label="Log lines, oldest first">
      {shown.map(({ line, facts }, index) => (
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

function words(line: LogLine): { readonly line: LogLine; readonly facts: string; readonly text: string } {
  const facts = Object.entries(line.fields)
    .map(([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ");
  return { line, facts, text: `${line.level} ${line.message} ${facts}` };
}
