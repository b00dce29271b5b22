/**
 * What two devices can say to each other, by name: each speaks what both
 * offer. docs/protocol.md has the meaning of each.
 */
export const FEATURES = {
  /** Folder states, index updates with heads, acknowledgements, barriers. */
  index: "index/1",
  /** Chunks and chunk lists on request. */
  fetch: "fetch/1",
  /** Chunk lists told by what they share with a list that the other end holds, and small contents along with their records. */
  splice: "splice/1",
  /** A splice may name its base; a chunk list may be told by how it follows from one that the asker describes. */
  anySplice: "splice/2",
  /** Changed regions of a file told by how they follow from what the other end holds. */
  delta: "delta/1",
  /** Bodies of frames compressed with zstd. */
  compression: "zstd/1",
  /** Routes of the interface run for a peer, their answers flow-controlled one by one. */
  command: "command/1",
  /** A renamed directory as one operation. */
  directoryMove: "dir-move/1",
  /** A first meeting costs what differs: coded symbols instead of all records. */
  reconcile: "reconcile/1",
  /** Accounts of the asked device, which commands may be given for. */
  users: "users/1",
} as const;

export type Feature = (typeof FEATURES)[keyof typeof FEATURES];
