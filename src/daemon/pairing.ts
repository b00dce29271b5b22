/** Stores what pairing brings: the new device, its rights, and on the joining side the folders. */
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { learnAddresses } from "../peer/discovery/address-book.ts";
import type { JoinerDetails, Offer } from "../peer/pairing/messages.ts";
import type { ConfigDraft } from "../shared/config-schema.ts";
import { SyncError } from "../shared/errors.ts";
import { parseHostPort } from "../shared/host-port.ts";
import type { DeviceId, FolderId } from "../shared/ids.ts";
import {
  checkDirectory,
  defaultDirectory,
  folderAt,
  isOccupied,
  markDirectory,
  prepareDirectory,
} from "./commands/folder-directory.ts";
import { isTaken } from "./folder-lock.ts";
import type { JoinOffer, PairedDevice } from "./net/net-api.ts";
import type { NodeParts } from "./node-parts.ts";
import type { PeerMemory } from "./peer-memory.ts";

/** Where the person who joins wants the folders. */
export interface JoinPlan {
  readonly path: string | null;
  readonly force: boolean;
  /** Takes only this one of the folders that are offered. */
  readonly folderId: string | null;
}

export interface JoinedFolder {
  readonly id: FolderId;
  readonly label: string;
  readonly path: string;
  readonly isNew: boolean;
}

interface PairingDeps {
  readonly parts: NodeParts;
  readonly homes: readonly string[];
  readonly configure: (edit: (draft: ConfigDraft) => void) => Promise<boolean>;
  readonly memory: PeerMemory;
  /** HOST:PORT of this device, for the other. */
  readonly ownAddresses: () => JoinerDetails["addresses"];
}

export class Pairing {
  readonly #deps: PairingDeps;
  /** The join that a person runs now, if any. */
  #plan: JoinPlan | undefined;
  #joined: readonly JoinedFolder[] = [];

  constructor(deps: PairingDeps) {
    this.#deps = deps;
  }

  /** Runs one join with its plan. Two at once would share the plan, so the second is refused. */
  async withPlan<T>(
    plan: JoinPlan,
    work: () => Promise<T>,
  ): Promise<{ readonly result: T; readonly folders: readonly JoinedFolder[] }> {
    if (this.#plan !== undefined)
      throw new SyncError("E_USAGE", "another join is running", { hint: "wait until it has ended" });
    // What is wrong with the directory whatever is offered is said before the code is used up.
    if (plan.path !== null) this.#checkPath(plan.path, plan.force);
    this.#plan = plan;
    this.#joined = [];
    try {
      const result = await work();
      return { result, folders: this.#joined };
    } finally {
      this.#plan = undefined;
    }
  }

  /** The inviting side: the device proved the code. */
  async storePaired(paired: PairedDevice): Promise<void> {
    const { parts, configure } = this.#deps;
    const { device, details, invite, words } = paired;
    this.#remember(device, details.addresses, undefined);
    await configure((draft) => {
      addPeer(draft, { device, name: details.deviceName, role: invite.grant.role, words });
      for (const { id, rights } of invite.grant.folders) {
        const folder = draft.folders[id];
        if (folder !== undefined) folder.peers[device] = { rights };
      }
    });
    this.#tell(device, details.deviceName, words, paired.address);
    parts.log.info("Paired", { device: details.deviceName, address: paired.address });
  }

  /** The joining side: decides where the offered folders go, and stores everything. Throws to turn the offer down. */
  async acceptOffer({ device, address, offer, words }: JoinOffer): Promise<JoinerDetails> {
    const { parts, configure, ownAddresses } = this.#deps;
    const plan = this.#plan;
    if (plan === undefined) throw new SyncError("E_USAGE", "nobody is joining here now");
    const folders = this.#placeFolders(offer, plan);
    for (const { path, isNew } of folders) {
      if (isNew && (await isTaken(path)))
        throw new SyncError("E_FOLDER_IN_USE", `${path} is synced by another Syncline node`);
    }
    this.#remember(device, offer.addresses, address);
    for (const { path, id, isNew } of folders) if (isNew) markDirectory(path, id, { isRepair: false });
    await configure((draft) => {
      addPeer(draft, { device, name: offer.deviceName, role: "user", words });
      for (const { id, label, path, isNew } of folders) {
        if (isNew)
          draft.folders[id] = {
            label,
            path,
            mode: "two-way",
            paused: false,
            ignore: [],
            delta: "auto",
            compression: "auto",
            peers: {},
          };
        const folder = draft.folders[id];
        if (folder !== undefined) folder.peers[device] ??= { rights: "write" };
      }
    });
    this.#joined = folders;
    this.#tell(device, offer.deviceName, words, address);
    parts.log.info("Paired", { device: offer.deviceName, address, folders: folders.length });
    return { deviceName: parts.context.config.get().name, addresses: ownAddresses() };
  }

  #checkPath(path: string, force: boolean): void {
    const config = this.#deps.parts.context.config.get();
    if (folderAt(config, path) === undefined) checkDirectory({ path, config, homes: this.#deps.homes, force });
  }

  #placeFolders(offer: Offer, plan: JoinPlan): readonly JoinedFolder[] {
    const { parts, homes } = this.#deps;
    const config = parts.context.config.get();
    const taken = offer.folders.filter(({ id }) => plan.folderId === null || id === plan.folderId);
    if (taken.length === 0 && plan.folderId !== null) {
      const offered = offer.folders.map(({ id }) => id).join(", ");
      throw new SyncError("E_FOLDER_NOT_FOUND", `the invite has no folder ${plan.folderId}`, {
        hint: offered === "" ? "it offers none; leave --folder-id out" : `it offers ${offered}`,
      });
    }
    return taken.map(({ id, label }): JoinedFolder => {
      const known = config.folders[id];
      const wanted = wantedPath(plan.path, label, taken.length > 1);
      if (known !== undefined) {
        if (plan.path !== null && folderAt(config, wanted) !== id) {
          throw new SyncError("E_FOLDER_EXISTS", `the folder ${id} is here already, at ${known.path}`, {
            hint: `join without a directory, or with ${known.path}`,
          });
        }
        return { id, label: known.label, path: known.path, isNew: false };
      }
      if (plan.path === null && existsSync(wanted) && isOccupied(wanted)) {
        throw new SyncError("E_EXISTS", `${wanted} exists and is not empty`, {
          hint: "name the directory: syncline join CODE DIR",
        });
      }
      const other = folderAt(config, wanted);
      if (other !== undefined) throw new SyncError("E_FOLDER_OVERLAP", `${wanted} is the folder ${other} already`);
      return { id, label, path: prepareDirectory({ path: wanted, config, homes, force: plan.force }), isNew: true };
    });
  }

  /** Where the device listens, as it says, and where it was just reached. */
  #remember(device: DeviceId, told: JoinerDetails["addresses"], reachedAt: string | undefined): void {
    const { memory, parts } = this.#deps;
    const seenAt = parts.clock.now();
    const reached = reachedAt === undefined ? undefined : parseHostPort(reachedAt);
    memory.setAddresses(
      device,
      learnAddresses(memory.addresses(device), [
        ...(reached === undefined ? [] : [{ address: reached, origin: "worked" as const, seenAt }]),
        ...told.map((address) => ({ address, origin: "told" as const, seenAt })),
      ]),
    );
  }

  #tell(device: DeviceId, name: string, words: string, address: string): void {
    this.#deps.parts.events.add({ type: "peer.paired", device, data: { name, words, address } });
  }
}

function wantedPath(path: string | null, label: string, isOneOfMany: boolean): string {
  if (path === null) return defaultDirectory(label);
  return isOneOfMany ? join(path, basename(label) || "folder") : path;
}

interface NewPeer {
  readonly device: DeviceId;
  readonly name: string;
  readonly role: "admin" | "user";
  readonly words: string;
}

/** Adds a device, or renews one that was paired before: its name here and its role stay what a person made them. */
function addPeer(draft: ConfigDraft, { device, name, role, words }: NewPeer): void {
  const known = draft.peers[device];
  if (known !== undefined) {
    known.words = words.split("-");
    return;
  }
  draft.peers[device] = { name: freeName(draft, name), role, paused: false, addresses: [], words: words.split("-") };
}

/** A name that no other device has here: `desk`, `desk-2`, … */
function freeName(draft: ConfigDraft, name: string): string {
  const taken = new Set(Object.values(draft.peers).map((peer) => peer.name));
  const base = name.trim().slice(0, 60) || "device";
  for (let count = 1; ; count++) {
    const candidate = count === 1 ? base : `${base}-${count}`;
    if (!taken.has(candidate)) return candidate;
  }
}
