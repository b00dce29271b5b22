/** What every kind of service has to know of the node that it starts. */
import { createHash } from "node:crypto";

export interface ServiceSpec {
  /** Tells the services of several homes apart; "" for the usual home. */
  readonly suffix: string;
  /** The program, then its arguments. */
  readonly command: readonly [program: string, ...args: string[]];
  /** What the service is to find in its environment, as the person who installed it has it. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface NodeFacts {
  /** As --home or SYNCLINE_HOME gave it, absolute. */
  readonly home: string | undefined;
  readonly program: readonly [program: string, ...args: string[]];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Where files are looked for hangs on these, and services start without them. */
const KEPT_VARIABLES = ["XDG_CONFIG_HOME", "XDG_STATE_HOME"];
const SUFFIX_LENGTH = 8;

/** Describes the service of a node. The same home gives the same service, so that installing twice is installing once. */
export function serviceSpec({ home, program, env }: NodeFacts): ServiceSpec {
  const [first, ...rest] = program;
  const homeArgs = home === undefined ? [] : ["--home", home];
  const kept = home === undefined ? KEPT_VARIABLES : [];
  return {
    suffix: home === undefined ? "" : createHash("sha256").update(home).digest("hex").slice(0, SUFFIX_LENGTH),
    command: [first, ...rest, ...homeArgs, "up", "--foreground"],
    environment: Object.fromEntries(
      kept.flatMap((name) => {
        const value = env[name];
        return value === undefined || value === "" ? [] : [[name, value]];
      }),
    ),
  };
}

/** `syncline`, or `syncline-4f2a91c0` for a home of its own. */
export function serviceName({ suffix }: ServiceSpec): string {
  return suffix === "" ? "syncline" : `syncline-${suffix}`;
}
