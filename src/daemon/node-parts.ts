import type { Identity } from "../peer/identity.ts";
import type { Clock, Hasher, Log, Random } from "../shared/ports.ts";
import type { DiskClient } from "../sync/executor/disk-client.ts";
import type { FolderIndex } from "../sync/index/index-port.ts";
import type { ScanClient } from "../sync/scanner/scan-client.ts";
import type { EventBook } from "./event-book.ts";
import type { NodeContext } from "./node-context.ts";
import type { Users } from "./users/users.ts";

/** What folders, peers and commands of one node are made of. Built by wiring.ts, disposed there in reverse order. */
export interface NodeParts {
  readonly context: NodeContext;
  readonly identity: Identity;
  readonly index: FolderIndex;
  readonly disk: DiskClient;
  readonly scanner: ScanClient;
  readonly events: EventBook;
  readonly users: Users;
  readonly clock: Clock;
  readonly random: Random;
  readonly hasher: Hasher;
  readonly log: Log;
}
