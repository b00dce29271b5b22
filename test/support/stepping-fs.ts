import type { Filesystem } from "../../src/sync/fs/filesystem.ts";

/**
 * A port that stops before every call, handles' calls included, to let somebody act.
 *
 * `before` gets the number of the call, counted from 0. What it throws comes
 * out of the call, as if the process had died there.
 */
export function stepping(fs: Filesystem, before: (step: number, call: string) => void): Filesystem {
  let step = 0;
  const wrap = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(object, property) {
        const value = Reflect.get(object, property, object) as unknown;
        if (typeof value !== "function") return value;
        return (...args: unknown[]): unknown => {
          before(step, String(property));
          step += 1;
          const result = (value as (...args: unknown[]) => unknown).apply(object, args);
          const isHandle = typeof result === "object" && result !== null && "close" in result;
          return isHandle ? wrap(result) : result;
        };
      },
    });
  return wrap(fs);
}
