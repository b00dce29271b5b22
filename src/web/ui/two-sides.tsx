/** Two contents beside each other: what differs between texts, or both images. */
import type { JSX } from "preact";
import type { Preview } from "../api/download.ts";
import { type DiffLine, lineDiff } from "../text/line-diff.ts";
import { Answer } from "./answer.tsx";
import { useData } from "./use-data.ts";

interface Side {
  /** Of whom it is, such as "that of anna". */
  readonly title: string;
  readonly preview: (signal: AbortSignal) => Promise<Preview>;
}

/** `left` is the one that the other is held against. */
export function TwoSides(props: { readonly left: Side; readonly right: Side }): JSX.Element {
  const { left, right } = props;
  const answer = useData(
    (signal) => Promise.all([left.preview(signal), right.preview(signal)]),
    `${left.title}\0${right.title}`,
  );
  return (
    <Answer of={answer} loading="Comparing…">
      {(contents) => <Compared {...{ left, right, contents }} />}
    </Answer>
  );
}

function Compared(props: {
  readonly left: Side;
  readonly right: Side;
  readonly contents: readonly [Preview, Preview];
}): JSX.Element {
  const { left, right, contents } = props;
  const [one, other] = contents;
  if (one.kind === "image" && other.kind === "image")
    return (
      <div class="sides">
        <Image url={one.url} title={left.title} />
        <Image url={other.url} title={right.title} />
      </div>
    );
  if (one.kind !== "text" || other.kind !== "text") return <p class="muted">They are of different kinds.</p>;
  return <TextDiff left={one} right={other} titles={[left.title, right.title]} />;
}

function Image({ url, title }: { readonly url: string; readonly title: string }): JSX.Element {
  return (
    <figure>
      <img class="preview" src={url} alt={title} />
      <figcaption class="muted small">{title}</figcaption>
    </figure>
  );
}

const SIGNS: Readonly<Record<DiffLine["type"], string>> = { same: "\u00a0 ", added: "+ ", removed: "− ", gap: "" };

type Text = Extract<Preview, { kind: "text" }>;

function TextDiff(props: {
  readonly left: Text;
  readonly right: Text;
  readonly titles: readonly [string, string];
}): JSX.Element {
  const { left, right, titles } = props;
  if (left.text === right.text && left.isAll && right.isAll) return <p class="muted">Both hold the same text.</p>;
  const lines = lineDiff(left.text, right.text);
  if (lines === undefined) return <p class="muted">They have hardly a line in common.</p>;
  return (
    <>
      <p class="small muted">
        − only in {titles[0]}, + only in {titles[1]}
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
