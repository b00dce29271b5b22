/**
 * Tells owners who downloaded their files by hand. A notice for an owner on
 * another device is kept here until that device has it; the owner's own is
 * listed and is an event.
 */
import type { RouteInput } from "../../shared/api.ts";
import { type DeviceId, type FolderId, parseShortId, type RelPath, type ShortId, shortId } from "../../shared/ids.ts";
import type { Clock, Log } from "../../shared/ports.ts";
import type { FolderIndex } from "../../sync/index/index-port.ts";
import type { NewNotice } from "../../sync/index/transfer-port.ts";
import { type Actor, isOwnedBy } from "../api/actor.ts";
import type { EventBook } from "../event-book.ts";
import type { NetPeer } from "../net/net-peer.ts";

/** Notices told in one command. */
const TOLD_AT_ONCE = 100;
const TELL_MS = 20_000;

export interface NoticesDeps {
  readonly index: FolderIndex;
  readonly events: EventBook;
  readonly clock: Clock;
  readonly log: Log;
  readonly self: DeviceId;
  /** The devices from which an account of this node is signed in. */
  readonly devicesOf: (user: string) => readonly DeviceId[];
  readonly connectionOf: (device: ShortId) => NetPeer | undefined;
  readonly tell: (peer: NetPeer, input: RouteInput<"noticeTell">, signal: AbortSignal) => Promise<unknown>;
}

export class Notices {
  readonly #deps: NoticesDeps;
  readonly #telling = new Set<ShortId>();

  constructor(deps: NoticesDeps) {
    this.#deps = deps;
  }

  /** Somebody has downloaded files of a folder by hand. */
  async downloaded(actor: Actor, folder: FolderId, paths: readonly RelPath[]): Promise<void> {
    const { index, clock, self } = this.#deps;
    const own = shortId(self);
    const found: NewNotice[] = [];
    for (const path of paths) {
      const owner = index.read.local(folder, path)?.owner;
      if (owner === undefined || isOwnedBy(owner, actor, own)) continue;
      const isHere = deviceOf(owner, own) === own;
      const facts = { folder, path, device: actor.device ?? self, user: actor.user, from: null, count: 1 };
      const nowMs = clock.now();
      found.push({ ...facts, owner, atMs: nowMs, deliveredAtMs: isHere ? nowMs : null });
      for (const device of isHere ? this.#devicesOf(owner, actor) : [])
        found.push({ ...facts, owner: shortId(device), atMs: nowMs, deliveredAtMs: null });
    }
    await this.#add(found);
    const waiting = found.filter(({ deliveredAtMs }) => deliveredAtMs === null);
    for (const device of new Set(waiting.map(({ owner }) => deviceOf(owner, own)))) void this.deliver(device);
  }

  /** Where an account of this node is signed in from, but for the device that downloads. */
  #devicesOf(owner: string, actor: Actor): readonly DeviceId[] {
    const user = accountOf(owner);
    return user === null ? [] : this.#deps.devicesOf(user).filter((device) => device !== actor.device);
  }

  /** What another device tells this one about files of its own, or of its accounts. */
  async told(from: DeviceId, input: RouteInput<"noticeTell">): Promise<number> {
    const { clock, self } = this.#deps;
    const own = shortId(self);
    await this.#add(
      input.notices.map(({ folder, path, device, user, at, count, account }) => ({
        ...{ folder, path, device, user, count, from },
        owner: account === null ? own : `${account}@${own}`,
        atMs: Math.min(Date.parse(at), clock.now()),
        deliveredAtMs: clock.now(),
      })),
    );
    return input.notices.length;
  }

  async #add(notices: readonly NewNotice[]): Promise<void> {
    if (notices.length === 0) return;
    const { index, events } = this.#deps;
    await index.write.addNotices(notices);
    for (const { deliveredAtMs, folder, path, owner, device, user, from } of notices)
      if (deliveredAtMs !== null)
        events.add({
          type: "notice.created",
          folder: folder as FolderId,
          path,
          device,
          user,
          data: { action: "downloaded", from, owner },
        });
  }

  /** Tells a device what is kept for it, now that it is connected. One at a time; what fails is kept. */
  async deliver(device: ShortId): Promise<void> {
    if (this.#telling.has(device)) return;
    this.#telling.add(device);
    try {
      while (await this.#tellSome(device));
    } catch (error) {
      this.#deps.log.debug("Notices are kept until the owner's device takes them", { device, error: String(error) });
    } finally {
      this.#telling.delete(device);
    }
  }

  /** Returns whether there may be more. */
  async #tellSome(device: ShortId): Promise<boolean> {
    const { index, connectionOf, tell } = this.#deps;
    const rows = index.read.notices({ undeliveredTo: device, limit: TOLD_AT_ONCE });
    const peer = connectionOf(device);
    if (rows.length === 0 || peer === undefined) return false;
    const notices = rows.map(({ folder, path, device: by, user, lastAtMs, count, owner }) => ({
      ...{ folder, path, device: by, user, count, account: accountOf(owner) },
      at: new Date(lastAtMs).toISOString(),
    }));
    await tell(peer, { notices }, AbortSignal.timeout(TELL_MS));
    await index.write.forgetNotices(rows.map(({ id }) => id));
    return rows.length === TOLD_AT_ONCE;
  }
}

/** The device that an owner is, or whose account. */
function deviceOf(owner: string, own: ShortId): ShortId {
  return parseShortId(owner.slice(owner.lastIndexOf("@") + 1)) ?? own;
}

/** The account of an owner; null when it is a device. */
function accountOf(owner: string): string | null {
  const at = owner.lastIndexOf("@");
  return at === -1 ? null : owner.slice(0, at);
}
