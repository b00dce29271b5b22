/** Two versions of a file beside each other: what differs between texts, or both images. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { Conflict } from "../../shared/api.ts";
import { type Preview, previewOf } from "../api/download.ts";
import { type DiffLine, lineDiff } from "../text/line-diff.ts";
import { Button, Loading, Problem } from "../ui/basics.tsx";
import { useData } from "../ui/use-data.ts";

type Copy = Conflict["copies"][number];

interface CompareProps {
  readonly folder: string;
  readonly current: Copy;
  readonly other: Copy;
}

export function Compare(props: CompareProps): JSX.Element {
  const isOpen = useSignal(false);
  return (
    <>
      <div class="actions">
        <Button icon="search" expanded={isOpen.value} onPress={() => (isOpen.value = !isOpen.value)}>
          {isOpen.value ? "Hide what differs" : "Show what differs"}
        </Button>
      </div>
      {isOpen.value ? <Both {...props} /> : null}
    </>
  );
}

function Both({ folder, current, other }: CompareProps): JSX.Element {
  const { value, error, reload } = useData(
    (signal) => Promise.all([current, other].map(({ path }) => previewOf({ peer: undefined, folder, path }, signal))),
    [folder, current.path, current.mtime, other.path, other.mtime].join("\0"),
  );
  if (value === undefined)
    return error === undefined ? <Loading what="Comparing…" /> : <Problem error={error} retry={reload} />;
  const [left, right] = value;
  if (left?.kind === "image" && right?.kind === "image")
    return (
      <div class="sides">
        <img class="preview" src={left.url} alt={`${current.path}, as changed on ${current.device}`} />
        <img class="preview" src={right.url} alt={`${other.path}, as changed on ${other.device}`} />
      </div>
    );
  if (left?.kind !== "text" || right?.kind !== "text") return <p class="muted">They are of different kinds.</p>;
  return <TextDiff left={left} right={right} current={current} other={other} />;
}

const SIGNS: Readonly<Record<DiffLine["type"], string>> = { same: "\u00a0 ", added: "+ ", removed: "− ", gap: "" };

function TextDiff(props: {
  readonly left: Extract<Preview, { kind: "text" }>;
  readonly right: Extract<Preview, { kind: "text" }>;
  readonly current: Copy;
  readonly other: Copy;
}): JSX.Element {
  const { left, right, current, other } = props;
  const lines = lineDiff(left.text, right.text);
  if (lines === undefined) return <p class="muted">They have hardly a line in common.</p>;
  return (
    <>
      <p class="small muted">
        − only in that of {current.device} (at its place), + only in that of {other.device}
        {left.isAll && right.isAll ? "" : "; the beginnings are compared"}
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls */}
      <ul class="diff" tabIndex={0} aria-label="What differs">
        {lines.map(({ type, text }, index) => (
          <li class={type} key={index}>
            {SIGNS[type]}
            {text}
          </li>
        ))}
      </ul>
    </>
  );
}
