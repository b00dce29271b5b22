/** A list of which only what is in sight is on the page, so that 100,000 rows scroll as smoothly as ten. */
import { useSignal } from "@preact/signals";
import { Component, type JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

/** Of one row; the style sheet says the same. */
const ROW_PX = 44;
/** Rows above and below that are there already when one scrolls to them. */
const SPARE = 12;
/** The list follows by so many rows at a time. */
const STEP = 4;
/** Fewer are all shown, and the list is as high as they are. */
const SMALL = 60;
/** More would be higher than browsers draw. */
export const ROWS_MAX = 700_000;

export function VirtualList<T>(props: {
  readonly label: string;
  readonly count: number;
  /** Undefined while it is on its way. */
  readonly at: (index: number) => T | undefined;
  readonly keyOf: (item: T) => string;
  readonly show: (item: T) => JSX.Element;
  /** Says which rows are in sight, whenever that changes. */
  readonly onSee?: (first: number, last: number) => unknown;
}): JSX.Element {
  const { at, keyOf, show, label, onSee } = props;
  const count = Math.min(props.count, ROWS_MAX);
  const element = useRef<HTMLUListElement>(null);
  /** The first row in sight, or a little above it. */
  const top = useSignal(0);
  const height = useSignal(800);
  /** The row that a key led to, until it is there and has the focus. */
  const led = useRef<number | undefined>(undefined);
  useEffect(() => {
    const list = element.current;
    if (list === null) return;
    const observer = new ResizeObserver(() => (height.value = list.clientHeight));
    observer.observe(list);
    return () => observer.disconnect();
  }, []);
  const isSmall = count <= SMALL;
  const first = isSmall ? 0 : Math.min(count, Math.max(0, top.value - SPARE));
  const last = isSmall ? count : Math.min(count, top.value + STEP + Math.ceil(height.value / ROW_PX) + SPARE);
  useEffect(() => {
    onSee?.(first, Math.max(first, last - 1));
  }, [first, last, onSee]);
  useEffect(() => {
    const list = element.current;
    if (list !== null && led.current !== undefined && focusRow(list, led.current)) led.current = undefined;
  });
  const lead = (event: KeyboardEvent): void => {
    const list = element.current;
    const row = (event.target as Element).closest("li");
    if (list === null || row === null || event.altKey || event.ctrlKey || event.metaKey) return;
    const to = whereTo(event.key, Number(row.ariaPosInSet) - 1, count, Math.floor(height.value / ROW_PX));
    led.current = to;
    if (to === undefined) return;
    event.preventDefault();
    if (focusRow(list, to)) led.current = undefined;
    else list.scrollTop = to * ROW_PX;
  };
  return (
    <ul
      class={`entries ${isSmall ? "" : "long"}`}
      ref={element}
      aria-label={label}
      onKeyDown={lead}
      onScroll={(event) => (top.value = Math.floor(event.currentTarget.scrollTop / ROW_PX / STEP) * STEP)}
    >
      {first === 0 ? null : <li aria-hidden="true" style={{ height: `${first * ROW_PX}px` }} />}
      {Array.from({ length: last - first }, (_, offset) => {
        const index = first + offset;
        const item = at(index);
        if (item === undefined) return <li class="entry pending" aria-hidden="true" key={`pending ${index}`} />;
        return <Row key={keyOf(item)} item={item} index={index} count={count} show={show} />;
      })}
      {last >= count ? null : <li aria-hidden="true" style={{ height: `${(count - last) * ROW_PX}px` }} />}
    </ul>
  );
}

/** Where a key leads from a row; undefined for keys that lead nowhere. */
function whereTo(key: string, index: number, count: number, pageRows: number): number | undefined {
  const steps: Readonly<Record<string, number>> = {
    ...{ ArrowDown: 1, ArrowUp: -1, PageDown: pageRows, PageUp: -pageRows },
    ...{ Home: -count, End: count },
  };
  const step = steps[key];
  return step === undefined ? undefined : Math.min(count - 1, Math.max(0, index + step));
}

/** Gives the focus to what a row opens; false when the row is not there yet. */
function focusRow(list: Element, index: number): boolean {
  const opener = list.querySelector<HTMLElement>(`li[aria-posinset="${index + 1}"] :is(a, button)`);
  opener?.focus({ preventScroll: true });
  opener?.closest("li")?.scrollIntoView({ block: "nearest" });
  return opener !== null;
}

interface RowProps<T> {
  readonly item: T;
  readonly index: number;
  readonly count: number;
  readonly show: (item: T) => JSX.Element;
}

/** Rendered again only when something of it is new, so that scrolling costs the rows alone that come into sight. */
class Row<T> extends Component<RowProps<T>> {
  override shouldComponentUpdate(next: RowProps<T>): boolean {
    const { item, index, count, show } = this.props;
    return next.item !== item || next.index !== index || next.count !== count || next.show !== show;
  }

  override render({ item, index, count, show }: RowProps<T>): JSX.Element {
    return (
      <li aria-setsize={count} aria-posinset={index + 1}>
        {show(item)}
      </li>
    );
  }
}
