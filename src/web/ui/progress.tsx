import type { JSX } from "preact";

/** How far something is; null where nobody knows. */
export function Progress(props: {
  readonly label: string;
  readonly done: number;
  readonly all: number | null;
}): JSX.Element {
  const { label, done, all } = props;
  const share = all === null ? null : all === 0 ? 1 : Math.min(1, done / all);
  return (
    <div
      class={`progress ${share === null ? "unknown" : ""}`}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={share === null ? undefined : Math.floor(share * 100)}
    >
      <span style={{ width: `${(share ?? 0) * 100}%` }} />
    </div>
  );
}
