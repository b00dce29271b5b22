import type { ComponentChildren, JSX } from "preact";
import { isLost } from "../api/client.ts";
import { link } from "../api/live.ts";
import { Loading, Problem } from "./basics.tsx";
import type { Data } from "./use-data.ts";

/**
 * What a route answered, in the states that every page has: asked for, failed,
 * there. An answer of before stays in sight beside what failed since. While the
 * daemon is gone, that is said above the page, and it goes on by itself.
 */
export function Answer<T>({
  of: { value, error, reload },
  loading,
  children,
}: {
  readonly of: Data<T>;
  /** What is said meanwhile. */
  readonly loading: string | JSX.Element;
  readonly children: (value: T) => ComponentChildren;
}): JSX.Element {
  if (value === undefined && error === undefined)
    return typeof loading === "string" ? <Loading what={loading} /> : loading;
  const isWaiting = isLost(error) && link.value === "lost";
  return (
    <>
      {error === undefined || isWaiting ? null : <Problem error={error} retry={reload} />}
      {value !== undefined ? children(value) : isWaiting ? <Loading what="Waiting for Syncline…" /> : null}
    </>
  );
}
