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

type End = "left" | "right";

export interface CableOptions {
  /** A cable whose right end's machine this one is plugged into, too. */
  readonly beside?: Cable;
}

export class Cable implements Disposable {
  readonly addresses: Readonly<Record<End, string>>;
  readonly #number: number;
  readonly #left: string;
  readonly #right: string;
  readonly #ends: Readonly<Record<End, string>>;
  readonly #own: readonly string[];

  /** Throws, and leaves nothing behind, when it cannot be laid. */
  constructor({ beside }: CableOptions = {}) {
    this.#number = beside === undefined ? 0 : beside.#number + 1;
    const unique = `${process.pid}-${this.#number}`;
    this.addresses = { left: `10.78.${this.#number}.1`, right: `10.78.${this.#number}.2` };
    this.#left = `syncline-bl${unique}`;
    this.#right = beside === undefined ? `syncline-br${unique}` : beside.#right;
    this.#ends = { left: `vbl${unique}`, right: `vbr${unique}` };
    this.#own = beside === undefined ? [this.#left, this.#right] : [this.#left];
    try {
      for (const namespace of this.#own) addNamespace(namespace);
      const peer = ["peer", "name", this.#ends.right, "netns", this.#right];
      ip("link", "add", this.#ends.left, "netns", this.#left, "type", "veth", ...peer);
      for (const end of ["left", "right"] as const) {
        const namespace = this.#namespace(end);
        ip("-n", namespace, "addr", "add", `${this.addresses[end]}/24`, "dev", this.#ends[end]);
        ip("-n", namespace, "link", "set", this.#ends[end], "up");
      }
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  #namespace(end: End): string {
    return end === "left" ? this.#left : this.#right;
  }

  /** What runs a program at one end. */
  via(end: End): readonly string[] {
    return [PROGRAM, "netns", "exec", this.#namespace(end)];
  }

  /** Lets no more than so much through from one end. Throws where the kernel cannot. */
  limit(end: End, bytesPerSecond: number): void {
    const [program = "", ...words] = this.via(end);
    const rate = ["rate", `${Math.round(bytesPerSecond * 8)}bit`, "burst", "32kbit", "latency", "100ms"];
    run(program, ...words, "tc", "qdisc", "replace", "dev", this.#ends[end], "root", "tbf", ...rate);
  }

  /** Bytes and packets so far, both directions. */
  count(): { readonly bytes: number; readonly packets: number } {
    const [link] = JSON.parse(ip("-n", this.#left, "-j", "-s", "link", "show", "dev", this.#ends.left)) as [Statistics];
    const { rx, tx } = link.stats64;
    return { bytes: rx.bytes + tx.bytes, packets: rx.packets + tx.packets };
  }

  [Symbol.dispose](): void {
    for (const namespace of this.#own) spawnSync(PROGRAM, ["netns", "del", namespace], { stdio: "ignore" });
  }
}

function addNamespace(name: string): void {
  ip("netns", "add", name);
  // Else the kernel's own chatter of IPv6 is counted, too.
  ip("netns", "exec", name, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1");
  ip("-n", name, "link", "set", "lo", "up");
}

interface Counter {
  readonly bytes: number;
  readonly packets: number;
}

interface Statistics {
  readonly stats64: { readonly rx: Counter; readonly tx: Counter };
}

function ip(...words: readonly string[]): string {
  return run(PROGRAM, ...words);
}

function run(program: string, ...words: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, words, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ${words.join(" ")}: ${error?.message ?? stderr.trim()}`);
  return stdout;
}
