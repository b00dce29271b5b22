/** How the bytes of one transfer travel: over the connection that stands, over UDP, or over what is measured to be better. */
import type { FolderId } from "../../shared/ids.ts";
import type { Clock } from "../../shared/ports.ts";
import type { FetchLink } from "../../sync/fetch/fetch-context.ts";
import type { NetPeer } from "../net/net-peer.ts";
import { measuredLink } from "./measured-link.ts";
import { peerLink } from "./transfer-links.ts";
import type { UdpLink, UdpLinks } from "./udp-links.ts";

/** Below this a transfer is over before two ways can be compared. */
const MEASURED_BYTES_MIN = 64 * 1024 * 1024;

export interface TransferWayDeps {
  readonly wish: "auto" | "tcp" | "udp";
  /** Held to a rate, no way can show what it has. */
  readonly isLimited: boolean;
  readonly peer: NetPeer;
  readonly name: string;
  readonly udp: UdpLinks;
  readonly clock: Clock;
  /** Takes which way it is, and why, when it is another than over the connection that stands; again when that changes. */
  readonly tell: (way: { readonly transport: string; readonly why: string }) => void;
}

export class TransferWay implements Disposable {
  readonly #deps: TransferWayDeps;
  readonly #signal: AbortSignal;
  #opening: Promise<UdpLink> | undefined;

  private constructor(deps: TransferWayDeps, signal: AbortSignal) {
    this.#deps = deps;
    this.#signal = signal;
  }

  /** Opens what was asked for. Rejects with E_NO_TRANSPORT when that is UDP and it does not come up. */
  static async open(deps: TransferWayDeps, signal: AbortSignal): Promise<TransferWay> {
    const way = new TransferWay(deps, signal);
    const { wish, tell } = deps;
    if (wish === "udp") await way.#udp();
    if (wish !== "auto") tell({ transport: wish, why: "asked for" });
    return way;
  }

  /** Where the bytes of a folder come from; `bytes` is what the whole transfer may need. */
  async link(folder: FolderId, bytes: number): Promise<FetchLink> {
    const { wish, peer, name, clock, tell } = this.#deps;
    if (wish === "udp") return peerLink((await this.#udp()).peer, name, folder);
    const tcp = peerLink(peer, name, folder);
    if (!this.#mayUse(bytes)) return tcp;
    const udp = this.#udp().then((link) => peerLink(link.peer, name, folder));
    return measuredLink({ tcp, udp, clock, onChoice: tell });
  }

  /** What the other end, which fetches an upload, is told of UDP; undefined: nothing. */
  async offered(bytes: number): Promise<{ readonly stream: number; readonly isOnly: boolean } | undefined> {
    const { wish, tell } = this.#deps;
    if (!this.#mayUse(bytes)) return undefined;
    try {
      return { stream: (await this.#udp()).stream, isOnly: wish === "udp" };
    } catch (error) {
      if (wish === "udp") throw error;
      tell({ transport: "tcp", why: (error as Error).message });
      return undefined;
    }
  }

  [Symbol.dispose](): void {
    this.#opening?.then(
      (link) => this.#deps.udp.close(link),
      () => {},
    );
  }

  #mayUse(bytes: number): boolean {
    const { wish, isLimited } = this.#deps;
    return wish === "udp" || (wish === "auto" && !isLimited && bytes >= MEASURED_BYTES_MIN);
  }

  #udp(): Promise<UdpLink> {
    const { udp, peer, name } = this.#deps;
    this.#opening ??= udp.open(peer, name, this.#signal);
    return this.#opening;
  }
}
