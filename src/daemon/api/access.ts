/** The way from a request to a folder: no handler of a route that peers may call gets at one past it. */
import { SyncError } from "../../shared/errors.ts";
import type { DeviceId, FolderId } from "../../shared/ids.ts";
import type { LocalRow } from "../../sync/index/index-port.ts";
import type { FolderRuntime } from "../folder-runtime.ts";
import type { FolderSet } from "../folder-set.ts";
import type { NodeParts } from "../node-parts.ts";
import { type Action, type Actor, isOwnedBy, mayDo, type Verdict } from "./actor.ts";
import { resolveFolder } from "./resolve-names.ts";

export class Access {
  readonly #parts: NodeParts;
  readonly #folders: FolderSet;

  constructor(parts: NodeParts, folders: FolderSet) {
    this.#parts = parts;
    this.#folders = folders;
  }

  /**
   * The folder that an actor names, when it may do this in it. Throws
   * E_FOLDER_NOT_FOUND for one that is not shared with it, as if there were
   * none, and E_NOT_ALLOWED. "remove" is judged path by path: see {@link assertMayRemove}.
   */
  folder(actor: Actor, text: string, action: Exclude<Action, "remove">): FolderRuntime {
    const config = this.#parts.context.config.get();
    const id = resolveFolder(config, text, this.visible(actor));
    const verdict = mayDo(actor, action, { rights: this.rightsOn(actor, id), isOwner: false });
    if (verdict !== "yes") throw refusal(verdict, id);
    return this.#folders.get(id);
  }

  /** The folder that is asked for, or every one that the actor may do this in. */
  folders(actor: Actor, text: string | undefined, action: Exclude<Action, "remove">): readonly FolderRuntime[] {
    if (text !== undefined) return [this.folder(actor, text, action)];
    return this.visible(actor).flatMap((id) => {
      const isAllowed = mayDo(actor, action, { rights: this.rightsOn(actor, id), isOwner: false }) === "yes";
      const runtime = this.#folders.find(id);
      return isAllowed && runtime !== undefined ? [runtime] : [];
    });
  }

  /** Throws E_NOT_ALLOWED unless the actor may take away what these records tell of: its own, or anything as an admin. */
  assertMayRemove(actor: Actor, folder: FolderId, found: Iterable<Pick<LocalRow, "path" | "owner">>): void {
    const rights = this.rightsOn(actor, folder);
    const { shortId: self } = this.#parts.identity;
    for (const { path, owner } of found) {
      const verdict = mayDo(actor, "remove", { rights, isOwner: isOwnedBy(owner, actor, self) });
      if (verdict !== "yes") throw refusal(verdict, folder, path);
    }
  }

  /** Ids of the folders that exist for an actor. */
  visible(actor: Actor): readonly FolderId[] {
    const ids = Object.keys(this.#parts.context.config.get().folders) as FolderId[];
    return ids.filter((id) => this.rightsOn(actor, id) !== null);
  }

  rightsOn({ device }: Actor, folder: FolderId): "read" | "write" | null {
    if (device === null) return "write";
    const config = this.#parts.context.config.get();
    if (config.peers[device] === undefined) return null;
    return config.folders[folder]?.peers[device]?.rights ?? null;
  }

  /** The actor that a connected device is, as configured now; undefined when it is trusted no longer. */
  actorOf(device: DeviceId): Actor | undefined {
    const peer = this.#parts.context.config.get().peers[device];
    if (peer === undefined || peer.paused) return undefined;
    return { device, deviceName: peer.name, user: null, role: peer.role };
  }

  /** Everything that a device's commands rest on, as a text: another text means that they are to be judged anew. */
  grantsOf(device: DeviceId): string {
    const config = this.#parts.context.config.get();
    const rights = Object.entries(config.folders).map(([id, folder]) => [id, folder.peers[device]?.rights ?? null]);
    return JSON.stringify([config.peers[device]?.role, config.peers[device]?.paused, rights]);
  }
}

function refusal(verdict: Exclude<Verdict, "yes">, folder: FolderId, path?: string): SyncError {
  switch (verdict) {
    case "not-shared":
      return new SyncError("E_FOLDER_NOT_FOUND", `there is no folder "${folder}" here`);
    case "read-only":
      return new SyncError("E_NOT_ALLOWED", `this device may only read the folder ${folder}`);
    case "not-owner":
      return new SyncError(
        "E_NOT_ALLOWED",
        `${path ?? "it"} belongs to somebody else: only its owner or an admin removes it`,
        {
          hint: "see its owner with `syncline list -l`, or ask an admin of that device",
        },
      );
    case "not-admin":
      return new SyncError("E_NOT_ALLOWED", "only an admin removes something for good", {
        hint: "leave --permanent out: it then goes to the trash",
      });
  }
}
