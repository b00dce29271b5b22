/**
 * Two network namespaces with a cable between them. What goes over the wire is
 * read off the interface, so that nothing is missed: frames, TLS, TCP/IP and
 * Ethernet headers, acknowledgements.
 */
import { spawnSync } from "node:child_process";
import { findProgram } from "./programs.ts";

const PROGRAM = findProgram("ip") ?? "ip";

/** Why there can be no cable here; undefined when there can. */
export function cableMissing(): string | undefined {
  if (findProgram("ip") === undefined) return "needs the program ip";
  return process.getuid?.() === 0 ? undefined : "needs root, for network namespaces";
}

export class Cable implements Disposable {
  static readonly ADDRESSES = { left: "10.78.0.1", right: "10.78.0.2" } as const;
  readonly #left = `syncline-bl${process.pid}`;
  readonly #right = `syncline-br${process.pid}`;
  readonly #end = `vbl${process.pid}`;

  /** Throws, and leaves nothing behind, when it cannot be laid. */
  constructor() {
    const [left, right, leftEnd, rightEnd] = [this.#left, this.#right, this.#end, `vbr${process.pid}`];
    const { left: leftAddress, right: rightAddress } = Cable.ADDRESSES;
    try {
      ip("netns", "add", left);
      ip("netns", "add", right);
      // Else the kernel's own chatter of IPv6 is counted, too.
      for (const one of [left, right]) ip("netns", "exec", one, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1");
      ip("link", "add", leftEnd, "netns", left, "type", "veth", "peer", "name", rightEnd, "netns", right);
      ip("-n", left, "addr", "add", `${leftAddress}/24`, "dev", leftEnd);
      ip("-n", right, "addr", "add", `${rightAddress}/24`, "dev", rightEnd);
      for (const one of [left, right]) ip("-n", one, "link", "set", "lo", "up");
      ip("-n", left, "link", "set", leftEnd, "up");
      ip("-n", right, "link", "set", rightEnd, "up");
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** What runs a program at one end. */
  via(end: "left" | "right"): readonly string[] {
    return [PROGRAM, "netns", "exec", end === "left" ? this.#left : this.#right];
  }

  /** Bytes and packets so far, both directions. */
  count(): { readonly bytes: number; readonly packets: number } {
    const [link] = JSON.parse(ip("-n", this.#left, "-j", "-s", "link", "show", "dev", this.#end)) as [Statistics];
    const { rx, tx } = link.stats64;
    return { bytes: rx.bytes + tx.bytes, packets: rx.packets + tx.packets };
  }

  [Symbol.dispose](): void {
    for (const namespace of [this.#left, this.#right])
      spawnSync(PROGRAM, ["netns", "del", namespace], { stdio: "ignore" });
  }
}

interface Counter {
  readonly bytes: number;
  readonly packets: number;
}

interface Statistics {
  readonly stats64: { readonly rx: Counter; readonly tx: Counter };
}

function ip(...words: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(PROGRAM, words, { encoding: "utf8" });
  if (status !== 0) throw new Error(`ip ${words.join(" ")}: ${error?.message ?? stderr.trim()}`);
  return stdout;
}
