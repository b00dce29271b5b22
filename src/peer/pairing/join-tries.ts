/**
 * On which machines a typed code may still be tried.
 *
 * Each machine that a code is tried on can guess it once. So one typed code
 * meets three machines at most, each once, told apart by the device id that
 * TLS proved: what mDNS says about them costs an attacker nothing to change.
 */
import { SyncError } from "../../shared/errors.ts";
import type { DeviceId } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";

export class JoinTries {
  readonly #channel: number;
  readonly #tried = new Set<DeviceId>();

  constructor(channel: number) {
    this.#channel = channel;
  }

  /** Whether the code may be tried on this machine now; counts it. False when it was tried there already. Throws E_CHANNEL_CROWDED on the fourth. */
  admit(device: DeviceId): boolean {
    if (this.#tried.has(device)) return false;
    if (this.#tried.size >= LIMITS.joinCandidates.value) throw crowdedError(this.#channel);
    this.#tried.add(device);
    return true;
  }
}

/** The machines that announce a channel, of those that were found. Throws E_CHANNEL_CROWDED when they are more than a code may be tried on. */
export function candidatesOn<T extends { readonly channels: readonly number[] }>(
  channel: number,
  found: readonly T[],
): readonly T[] {
  const matching = found.filter((candidate) => candidate.channels.includes(channel));
  if (matching.length > LIMITS.joinCandidates.value) throw crowdedError(channel);
  return matching;
}

function crowdedError(channel: number): SyncError {
  return new SyncError(
    "E_CHANNEL_CROWDED",
    `more than ${LIMITS.joinCandidates.value} machines invite on channel ${channel}`,
  );
}
