/** `doctor`: looks at the machine, the folders and the ways to the peers; a fix for each thing that is wrong. */
import { readFileSync, statSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { Check } from "../../shared/api-node.ts";
import { formatHostPort } from "../../shared/host-port.ts";
import { LIMITS } from "../../shared/limits.ts";
import { reserveBytes } from "../../sync/core/retention.ts";
import type { FsCapabilities } from "../../sync/fs/filesystem.ts";
import type { NodeService } from "../api/node-service.ts";
import type { FolderRuntime } from "../folder-runtime.ts";
import type { Node } from "../node.ts";
import { tryMulticast } from "./try-multicast.ts";

const CLOCK_WARN_MS = 60_000;
const INODES_MIN = 1000;
const WATCHES_SPARE = 1.25;
const PROBE_MS = 8000;

export function doctorRoutes(node: Node): Pick<NodeService, "doctor"> {
  return {
    doctor: async () => {
      const groups = await Promise.all([
        homeChecks(node),
        [watchLimit(node), dashboardCheck(node)],
        ...node.folders.all.map((runtime) => folderChecks(runtime)),
        networkChecks(node),
      ]);
      const checks = groups.flat();
      return { ok: checks.every((check) => check.result !== "fail"), checks };
    },
  };
}

function ok(name: string, title: string, message: string): Check {
  return { name, title, result: "ok", message, fix: null };
}

function bad(
  result: "warn" | "fail" | "skip",
  name: string,
  title: string,
  message: string,
  fix: string | null,
): Check {
  return { name, title, result, message, fix };
}

function homeChecks(node: Node): readonly Check[] {
  const home = node.parts.context.paths.stateDir;
  return [
    modeCheck("home", "home directory", home, 0o700),
    modeCheck("key", "private key", join(home, "key.pem"), 0o600),
  ];
}

function modeCheck(name: string, title: string, path: string, mode: number): Check {
  if (process.platform === "win32")
    return bad("skip", name, title, "permissions of this platform are not examined", null);
  const found = statSync(path);
  const isOwn = process.getuid === undefined || found.uid === process.getuid();
  if (isOwn && (found.mode & 0o077) === 0) return ok(name, title, `${path} is yours alone`);
  return bad("fail", name, title, `${path} can be read by others`, `chmod ${mode.toString(8)} ${path}`);
}

/** The watcher takes one inotify watch for each directory. */
function watchLimit(node: Node): Check {
  const title = "file watch limit";
  if (process.platform !== "linux") return bad("skip", "watch-limit", title, "this platform has none", null);
  const limit = Number(readFileSync("/proc/sys/fs/inotify/max_user_watches", "utf8"));
  const needed = node.folders.all.reduce((sum, runtime) => sum + runtime.folder.status.directories + 2, 0);
  const wanted = Math.max(524_288, 2 ** Math.ceil(Math.log2(needed * 2 + 1)));
  const fix = `sudo sysctl fs.inotify.max_user_watches=${wanted}`;
  const failing = node.folders.all.find((runtime) => runtime.watchProblem !== undefined);
  if (failing?.watchProblem !== undefined)
    return bad("fail", "watch-limit", title, `${failing.id}: ${failing.watchProblem}`, fix);
  if (needed * WATCHES_SPARE > limit)
    return bad(
      "warn",
      "watch-limit",
      title,
      `${needed} of ${limit} watches are needed; others on this machine need some, too`,
      fix,
    );
  return ok("watch-limit", title, `${needed} of ${limit} watches are needed`);
}

function dashboardCheck({ dashboard }: Node): Check {
  const { url, fingerprint } = dashboard;
  const title = "dashboard";
  if (url === null) return bad("skip", "dashboard", title, "it is switched off", null);
  if (fingerprint === null) return ok("dashboard", title, `${url}, which only this machine reaches`);
  return ok(
    "dashboard",
    title,
    `${url} and this machine's other addresses; its certificate's SHA-256 is ${fingerprint}`,
  );
}

async function folderChecks(runtime: FolderRuntime): Promise<readonly Check[]> {
  const { id, context, config } = runtime;
  const root = await context.disk.check();
  const title = `folder ${id}`;
  if (root.type !== "ok")
    return [
      bad(
        "fail",
        `marker:${id}`,
        title,
        `${config.path}: ${root.message}`,
        `is the disk mounted? else: syncline folder repair ${id}`,
      ),
    ];
  return [
    ok(`marker:${id}`, title, `${config.path} has its marker`),
    ...(await spaceChecks(runtime)),
    ...capabilityChecks(id, root.capabilities),
  ];
}

async function spaceChecks({ id, context, config }: FolderRuntime): Promise<readonly Check[]> {
  const free = await context.disk.free();
  const reserve = reserveBytes(free.totalBytes);
  const need = context.index.read.pendingTotals(id).bytes;
  const space =
    free.bytes < need + reserve
      ? bad(
          "fail",
          `free-space:${id}`,
          "free space",
          `${shownSize(free.bytes)} free at ${config.path}; ${shownSize(need)} are to come and ${shownSize(reserve)} are kept free`,
          "free some space there",
        )
      : ok(`free-space:${id}`, "free space", `${shownSize(free.bytes)} free at ${config.path}`);
  const inodes =
    free.inodes !== undefined && free.inodes < INODES_MIN
      ? bad(
          "fail",
          `free-inodes:${id}`,
          "free inodes",
          `only ${free.inodes} more files fit at ${config.path}`,
          "remove files there",
        )
      : ok(
          `free-inodes:${id}`,
          "free inodes",
          free.inodes === undefined ? "unlimited" : `${free.inodes} more files fit`,
        );
  return [space, inodes];
}

/** Decimal units, as `status` shows sizes. */
function shownSize(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.floor(bytes / 1e6)} MB`;
}

function capabilityChecks(id: string, can: FsCapabilities): readonly Check[] {
  const name = `file-system:${id}`;
  const facts = [
    can.hardLinks ? "hard links" : "no hard links",
    can.symlinks ? "symlinks" : "no symlinks",
    can.exchange ? "atomic exchange" : "no atomic exchange",
    can.caseSensitive ? "case sensitive" : "folds case",
    `mtime to ${can.mtimeGrainNs >= 1_000_000_000 ? `${can.mtimeGrainNs / 1e9} s` : `${can.mtimeGrainNs} ns`}`,
    can.reflink ? "shares blocks" : "copies blocks",
  ].join(", ");
  const lacks = [
    ...(can.symlinks ? [] : ["symlinks stay on the other devices"]),
    ...(can.executableBit ? [] : ["executable bits are not kept here"]),
    ...(can.caseSensitive ? [] : ["of names that differ only in case, one is kept here"]),
  ];
  if (lacks.length === 0) return [ok(name, "file system", facts)];
  return [
    bad(
      "warn",
      name,
      "file system",
      `${facts}; ${lacks.join("; ")}`,
      "move the folder to a native file system of this machine, if that matters",
    ),
  ];
}

async function networkChecks(node: Node): Promise<readonly Check[]> {
  const [reachable, multicast] = await Promise.all([portCheck(node), multicastChecks(node)]);
  return [
    ...node.peers.views.map((view) => clockCheck(view.config.name, view.facts?.clockOffsetMs)),
    reachable,
    ...multicast,
  ];
}

function clockCheck(name: string, offsetMs: number | undefined): Check {
  const title = `clock against ${name}`;
  if (offsetMs === undefined) return bad("skip", `clock:${name}`, title, "it is not connected", null);
  const seconds = Math.round(Math.abs(offsetMs) / 100) / 10;
  if (Math.abs(offsetMs) < CLOCK_WARN_MS) return ok(`clock:${name}`, title, `${seconds} s apart`);
  return bad(
    "fail",
    `clock:${name}`,
    title,
    `${seconds} s apart: conflicts may be settled the wrong way round`,
    "set the clock: timedatectl set-ntp true",
  );
}

/** A connected peer tries to reach this device. */
async function portCheck(node: Node): Promise<Check> {
  const title = "port reachable from a peer";
  const [peer] = node.net.peers;
  const address = formatHostPort(node.net.listening);
  if (peer === undefined) return bad("skip", "port", title, "no peer is connected to try it", null);
  const { port } = node.net.listening;
  try {
    const outcome = await peer.probe(address, AbortSignal.timeout(PROBE_MS));
    if (outcome.isReachable) return ok("port", title, `${peer.name} reaches port ${port}`);
    return bad(
      "warn",
      "port",
      title,
      `${peer.name} does not reach port ${port}: ${outcome.detail}`,
      `let TCP port ${port} through the firewall, for example: sudo ufw allow ${port}/tcp`,
    );
  } catch (error) {
    return bad("skip", "port", title, `${peer.name} could not try it: ${String(error)}`, null);
  }
}

async function multicastChecks(node: Node): Promise<readonly Check[]> {
  if (!node.parts.context.config.get().discovery)
    return [bad("skip", "multicast", "multicast", "discovery is off", null)];
  const addresses = Object.entries(networkInterfaces()).flatMap(([name, entries]) =>
    (entries ?? [])
      .filter((entry) => entry.family === "IPv4" && !entry.internal)
      .map((entry) => ({ name, address: entry.address })),
  );
  if (addresses.length === 0)
    return [
      bad(
        "warn",
        "multicast",
        "multicast",
        "no network interface but loopback has an IPv4 address",
        "connect to a network, or pair with --at HOST:PORT",
      ),
    ];
  return await Promise.all(
    addresses.slice(0, LIMITS.addressesPerPeer.value).map(async ({ name, address }) => {
      const fault = await tryMulticast(address);
      const title = `multicast on ${name}`;
      if (fault === undefined) return ok(`multicast:${name}`, title, `${address} sends and hears mDNS`);
      return bad(
        "warn",
        `multicast:${name}`,
        title,
        `${address}: ${fault}`,
        "let UDP port 5353 through the firewall, or pair with --at HOST:PORT",
      );
    }),
  );
}
