/** What main.ts hands to wiring.ts, and what it gets back. */
import type { HomePaths } from "../shared/home-paths.ts";
import type { NodeService } from "./api/node-service.ts";
import type { PeerAsker } from "./api/peer-commands.ts";
import type { ConfigStore } from "./config/config-store.ts";
import type { DaemonLog } from "./log.ts";
import type { LoopLag } from "./loop-lag.ts";

export interface NodeContext {
  readonly paths: HomePaths;
  readonly config: ConfigStore;
  readonly log: DaemonLog;
  readonly loopLag: LoopLag;
  readonly startedAt: Date;
  readonly version: string;
  /** Asks the process to end; returns at once. */
  stop(reason: string): void;
}

/** A node whose listener and folder markers are ready. Disposing drains it: what is being written reaches the disk. */
export interface RunningNode extends AsyncDisposable {
  readonly service: NodeService;
  /** The way to the same routes on paired devices. */
  readonly peers: PeerAsker;
}

/** Builds and starts a node. What it has opened is closed again when it throws. */
export type OpenNode = (context: NodeContext) => Promise<RunningNode>;
