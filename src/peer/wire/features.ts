/**
 * Named feature sets. Two devices speak what both name; there are no version
 * numbers. A feature that changes gets a new name ("index/2") and both are
 * offered for as long as older devices matter.
 */
import { SyncError } from "../../shared/errors.ts";
import { FEATURES, type Feature } from "../../shared/features.ts";

/** A device without one of these is too old or too new. Whatever else it lacks is done in the plain way. */
export const NEEDED_FEATURES: readonly Feature[] = [FEATURES.index, FEATURES.fetch];

/** What this program offers. */
export const OFFERED_FEATURES: readonly Feature[] = Object.values(FEATURES);

/**
 * The features both ends have, in a fixed order. Names that are not known here
 * are ignored. Throws E_INCOMPATIBLE when a needed one is missing.
 */
export function commonFeatures(offeredByPeer: readonly string[]): readonly Feature[] {
  const missing = NEEDED_FEATURES.filter((feature) => !offeredByPeer.includes(feature));
  if (missing.length > 0) {
    throw new SyncError("E_INCOMPATIBLE", `the peer cannot speak ${missing.join(", ")}`, {
      facts: { offeredByPeer, missing },
    });
  }
  return OFFERED_FEATURES.filter((feature) => offeredByPeer.includes(feature));
}

/**
 * Counts changes of the schema, the table of frames and the features. A test
 * holds it against a hash of all three, so that nobody changes the wire
 * without noticing; nothing of it is ever sent.
 */
export const WIRE_REVISION = 12;
