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
      const at = parseShortId(owner.slice(owner.lastIndexOf("@") + 1)) ?? own;
      const isHere = at === own;
      found.push({
        folder,
        path,
        owner: isHere ? owner : at,
        device: actor.device ?? self,
        user: actor.user,
        from: null,
        atMs: clock.now(),
        count: 1,
        deliveredAtMs: isHere ? clock.now() : null,
      });
    }
    await this.#add(found);
    for (const owner of new Set(found.flatMap((notice) => (notice.deliveredAtMs === null ? [notice.owner] : []))))
      void this.deliver(owner as ShortId);
  }

  /** What another device tells this one about files of its own. */
  async told(from: DeviceId, input: RouteInput<"noticeTell">): Promise<number> {
    const { clock, self } = this.#deps;
    await this.#add(
      input.notices.map(({ folder, path, device, user, at, count }) => ({
        ...{ folder, path, device, user, count, from },
        owner: shortId(self),
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
    for (const { deliveredAtMs, folder, path, device, user, from } of notices)
      if (deliveredAtMs !== null)
        events.add({
          type: "notice.created",
          folder: folder as FolderId,
          path,
          device,
          user,
          data: { action: "downloaded", from },
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
    const notices = rows.map(({ folder, path, device: by, user, lastAtMs, count }) => ({
      ...{ folder, path, device: by, user, count },
      at: new Date(lastAtMs).toISOString(),
    }));
    await tell(peer, { notices }, AbortSignal.timeout(TELL_MS));
    await index.write.forgetNotices(rows.map(({ id }) => id));
    return rows.length === TOLD_AT_ONCE;
  }
}
