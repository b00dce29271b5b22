/** What a person who joins is told when it does not work, each cause as what it is. */
import { SyncError } from "../../shared/errors.ts";
import type { InviteEndReason } from "./messages.ts";

/** The inviter judged the proof wrong. */
export function wrongError(address: string, triesLeft: number): SyncError {
  const left = triesLeft === 0 ? "it is dead now" : triesLeft === 1 ? "1 try is left" : `${triesLeft} tries are left`;
  return new SyncError("E_CODE_WRONG", `${address}: the code is wrong; ${left}`, {
    facts: { address, triesLeft },
    ...(triesLeft === 0 && { hint: "make a new one there with `syncline peer invite`" }),
  });
}

/** The code was right, but its invite has ended. */
export function endedError(address: string, reason: InviteEndReason, by: string | undefined): SyncError {
  const facts = { address, reason, by };
  const from = by === undefined ? "" : ` from ${by}`;
  switch (reason) {
    case "used":
      return new SyncError("E_CODE_USED", `${address}: the code was used already${from}`, { facts });
    case "killed":
      return new SyncError("E_CODE_USED", `${address}: the code is dead: three wrong tries${from}`, { facts });
    case "expired":
      return new SyncError("E_CODE_EXPIRED", `${address}: the code has expired`, { facts });
    case "withdrawn":
      return new SyncError("E_CODE_EXPIRED", `${address}: the code was withdrawn there`, { facts });
    case "closed":
      return new SyncError("E_PAIRING_CLOSED", `${address}: pairing was closed there after many wrong codes${from}`, {
        facts,
      });
  }
}

/** The inviter hung up at the first message: it has no invite on that channel. */
export function noInviteError(address: string, channel: number): SyncError {
  return new SyncError("E_CODE_WRONG", `${address}: no code that begins with ${channel} is open there`, {
    hint: "check the first digit of the code and the machine's address, or make a new code with `syncline peer invite`",
    facts: { address, channel },
  });
}

/** The inviter refused the pairing protocol itself: it has no invite at all. */
export function noPairingError(address: string): SyncError {
  return new SyncError("E_CODE_EXPIRED", `${address}: no code is open there; it was used or has expired`, {
    facts: { address },
  });
}

/** The connection ended in mid-pairing. */
export function brokenOffError(address: string, cause?: unknown): SyncError {
  return new SyncError("E_PEER_OFFLINE", `${address}: the connection ended before the pairing was done`, {
    hint: "try again; if the code was used up, make a new one with `syncline peer invite`",
    facts: { address },
    cause,
  });
}
