import type { DeviceId } from "../../shared/ids.ts";
import type { Clock } from "../../shared/ports.ts";
import type { NetEvent } from "./net-api.ts";

/** The same device is reported once in so long, however often it knocks. */
const QUIET_MS = 60_000;
const REMEMBERED_MAX = 256;

/** Reports who was refused, without letting whoever knocks fill the log. */
export class RefusalReports {
  readonly #clock: Clock;
  readonly #post: (event: NetEvent) => void;
  readonly #reportedAt = new Map<string, number>();

  constructor(clock: Clock, post: (event: NetEvent) => void) {
    this.#clock = clock;
    this.#post = post;
  }

  report(refusal: { readonly address: string; readonly device: DeviceId; readonly message: string }): void {
    const key = `${refusal.device} ${refusal.message}`;
    const now = this.#clock.monotonic();
    const before = this.#reportedAt.get(key);
    if (before !== undefined && now - before < QUIET_MS) return;
    this.#reportedAt.delete(key);
    this.#reportedAt.set(key, now);
    const [oldest] = this.#reportedAt.keys();
    if (this.#reportedAt.size > REMEMBERED_MAX && oldest !== undefined) this.#reportedAt.delete(oldest);
    this.#post({ type: "refused", ...refusal });
  }
}
