import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, expect, test } from "vitest";

const NODE = join(import.meta.dirname, "mdns-node.ts");
const [left, right] = [`syncline-l${process.pid}`, `syncline-r${process.pid}`];
const [leftEnd, rightEnd] = [`vl${process.pid}`, `vr${process.pid}`];
const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  for (const namespace of [left, right]) ip("netns", "del", namespace);
});

function ip(...words: readonly string[]): string | undefined {
  const { status, stderr, error } = spawnSync("ip", words, { encoding: "utf8" });
  return status === 0 ? undefined : (error?.message ?? stderr.trim());
}

/** Two namespaces with a cable between them, without any route but the link's own; says why when this machine cannot. */
function layCable(): string | undefined {
  const steps = [
    ["netns", "add", left],
    ["netns", "add", right],
    ["link", "add", leftEnd, "netns", left, "type", "veth", "peer", "name", rightEnd, "netns", right],
    ["-n", left, "addr", "add", "10.77.0.1/24", "dev", leftEnd],
    ["-n", right, "addr", "add", "10.77.0.2/24", "dev", rightEnd],
  ];
  for (const step of steps) {
    const failure = ip(...step);
    if (failure !== undefined) return `ip ${step.join(" ")}: ${failure}`;
  }
  return undefined;
}

function raise(namespace: string, end: string): void {
  expect(ip("-n", namespace, "link", "set", end, "up")).toBeUndefined();
}

interface Heard {
  readonly type: "found" | "lost";
  readonly isOther: boolean;
  readonly candidate?: {
    readonly channels: readonly number[];
    readonly addresses: readonly { readonly host: string; readonly port: number }[];
  };
}

interface RunningNode {
  readonly child: ChildProcess;
  hears(test: (heard: Heard) => boolean): Promise<Heard>;
}

function run(namespace: string, ...words: readonly string[]): RunningNode {
  const child = spawn("ip", ["netns", "exec", namespace, process.execPath, NODE, ...words], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const heard: Heard[] = [];
  const listeners = new Set<() => void>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    heard.push(JSON.parse(line) as Heard);
    for (const listener of listeners) listener();
  });
  const hears = (passes: (one: Heard) => boolean): Promise<Heard> =>
    new Promise((resolve) => {
      const check = (): void => {
        const found = heard.find(passes);
        if (found !== undefined) resolve(found);
      };
      listeners.add(check);
      check();
    });
  return { child, hears };
}

test("two nodes in two network namespaces find each other over a cable, also one plugged in later, and part with a goodbye", async (context) => {
  const obstacle = layCable();
  if (obstacle !== undefined) context.skip(`network namespaces are not available here: ${obstacle}`);
  const desk = run(left, "1", "2", "7");
  const laptop = run(right, "2", "1");
  raise(left, leftEnd);
  raise(right, rightEnd);

  const [atLaptop, atDesk] = await Promise.all([
    laptop.hears((heard) => heard.type === "found" && heard.isOther),
    desk.hears((heard) => heard.type === "found" && heard.isOther),
  ]);
  expect(atLaptop.candidate).toMatchObject({ channels: [7], addresses: [{ host: "10.77.0.1", port: 4777 }] });
  expect(atDesk.candidate).toMatchObject({ channels: [], addresses: [{ host: "10.77.0.2", port: 4777 }] });

  desk.child.kill("SIGTERM");
  await laptop.hears((heard) => heard.type === "lost" && heard.isOther);
});
