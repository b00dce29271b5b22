/** What a seed decides about its world. Features are drawn one by one, so that most worlds lack most of them. */

import { FEATURES } from "../../src/shared/features.ts";
import type { FolderMode } from "../../src/sync/folder-context.ts";
import { EXT4, PLAIN_UNIX } from "../support/sim-disk.ts";
import type { PersonKnobs } from "./person.ts";
import type { Prng } from "./prng.ts";
import type { NetKnobs } from "./sim-net.ts";
import type { NodeKnobs } from "./sim-node.ts";

export type Topology = "line" | "ring" | "star" | "full";

export interface WorldKnobs {
  readonly nodes: readonly (NodeKnobs & { readonly mode: FolderMode; readonly ignorePatterns: readonly string[] })[];
  readonly topology: Topology;
  readonly net: NetKnobs;
  readonly person: PersonKnobs;
  /** How long people work and things break. */
  readonly chaosMs: number;
  readonly rescanMs: number;
  /** How many things people do in all. */
  readonly actions: number;
  /** Chance that a person acts before a file system call. */
  readonly actsAtCall: number;
  /** Chance that the process dies before a file system call. */
  readonly diesAtCall: number;
  readonly powerCuts: number;
  /** Chance that a file system call fails. */
  readonly failsAtCall: number;
  readonly failsCommit: number;
  /** Mean time between broken connections; 0 for never. */
  readonly cutEveryMs: number;
  readonly partitionShare: number;
  /** Chance that a restart finds an index that was lost, or an older one. */
  readonly losesIndex: number;
  readonly restoresIndex: number;
  readonly configures: boolean;
}

export function knobsFor(prng: Prng): WorldKnobs {
  const some = (probability: number, value: () => number): number => (prng.chance(probability) ? value() : 0);
  const count = prng.one([2, 2, 2, 3, 3, 3, 4, 5] as const);
  const special: FolderMode = prng.one([
    "two-way",
    "two-way",
    "two-way",
    "two-way",
    "two-way",
    "two-way",
    "send-only",
    "receive-only",
  ] as const);
  const specialNode = prng.between(0, count - 1);
  const hintLoss = prng.one([0, 0, 0.3, 1] as const);
  const pauseMaxMs = prng.one([1, 5, 50] as const);
  const isSkewed = prng.chance(0.3);
  const hasIgnored = prng.chance(0.2);
  const knobs: WorldKnobs = {
    nodes: Array.from({ length: count }, (_, position) => ({
      skewMs: isSkewed ? prng.between(-20, 20) * 86_400_000 : 0,
      personality: prng.chance(0.8) ? EXT4 : PLAIN_UNIX,
      canWrite: true,
      pauseMaxMs,
      hintLoss,
      hintMaxMs: prng.one([5, 200, 3000] as const),
      mode: position === specialNode ? special : "two-way",
      ignorePatterns: [],
    })),
    topology: special === "two-way" ? prng.one(["line", "ring", "star", "full"] as const) : "full",
    net: {
      delayMaxMs: prng.one([2, 50, 1000] as const),
      bytesPerMs: prng.one([100_000, 1000, 50] as const),
      noticeMaxMs: prng.one([50, 5000, 28_000] as const),
      lieRate: some(0.15, () => 0.2),
      stallRate: some(0.1, () => 0.1),
      lacks: [],
    },
    person: {
      bigFiles: some(0.4, () => 0.3),
      symlinks: prng.chance(0.5),
      ignoredFiles: hasIgnored,
      flushes: 0.6,
      renamesDirectories: false,
    },
    chaosMs: prng.one([5_000, 60_000, 120_000] as const),
    rescanMs: prng.one([10_000, 30_000] as const),
    actions: prng.between(4, 40),
    actsAtCall: some(0.6, () => prng.one([0.002, 0.01, 0.05] as const)),
    diesAtCall: some(0.4, () => prng.one([0.0005, 0.002, 0.01] as const)),
    powerCuts: prng.one([0, 0.5, 1] as const),
    failsAtCall: some(0.25, () => prng.one([0.001, 0.01] as const)),
    failsCommit: some(0.1, () => 0.01),
    cutEveryMs: some(0.5, () => prng.one([2_000, 20_000] as const)),
    partitionShare: some(0.3, () => 0.5),
    losesIndex: some(0.08, () => 0.3),
    restoresIndex: some(0.08, () => 0.3),
    configures: false,
  };
  // Drawn last, so that what came before keeps its place in each seed.
  const lacks = prng.chance(0.2) ? [FEATURES.directoryMove] : [];
  const renamesDirectories = prng.chance(0.5);
  return { ...knobs, net: { ...knobs.net, lacks }, person: { ...knobs.person, renamesDirectories } };
}

/** The same world with every folder two-way. */
export function twoWay(knobs: WorldKnobs): WorldKnobs {
  return { ...knobs, nodes: knobs.nodes.map((node) => ({ ...node, mode: "two-way" })) };
}
