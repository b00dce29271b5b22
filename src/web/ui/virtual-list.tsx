/** A list of which only what is in sight is on the page, so that 100,000 rows scroll as smoothly as ten. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

/** Of one row; the style sheet says the same. */
const ROW_PX = 44;
/** Rows above and below that are there already when one scrolls to them. */
const SPARE = 12;
/** Fewer are all shown, and the list is as high as they are. */
const SMALL = 60;

export function VirtualList<T>(props: {
  readonly label: string;
  readonly items: readonly T[];
  readonly keyOf: (item: T) => string;
  readonly show: (item: T) => JSX.Element;
}): JSX.Element {
  const { items, keyOf, show, label } = props;
  const element = useRef<HTMLUListElement>(null);
  const top = useSignal(0);
  const height = useSignal(800);
  useEffect(() => {
    const list = element.current;
    if (list === null) return;
    const observer = new ResizeObserver(() => (height.value = list.clientHeight));
    observer.observe(list);
    return () => observer.disconnect();
  }, []);
  const isSmall = items.length <= SMALL;
  const first = isSmall ? 0 : Math.max(0, Math.floor(top.value / ROW_PX) - SPARE);
  const last = isSmall ? items.length : Math.ceil((top.value + height.value) / ROW_PX) + SPARE;
  const after = Math.max(0, items.length - last);
  return (
    <ul
      class={`entries ${isSmall ? "" : "long"}`}
      ref={element}
      aria-label={label}
      onScroll={(event) => (top.value = event.currentTarget.scrollTop)}
    >
      {first === 0 ? null : <li aria-hidden="true" style={{ height: `${first * ROW_PX}px` }} />}
      {items.slice(first, last).map((item, index) => (
        <li key={keyOf(item)} aria-setsize={items.length} aria-posinset={first + index + 1}>
          {show(item)}
        </li>
      ))}
      {after === 0 ? null : <li aria-hidden="true" style={{ height: `${after * ROW_PX}px` }} />}
    </ul>
  );
}
