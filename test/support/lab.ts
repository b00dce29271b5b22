/** Means of the lab that need root: small disks, network namespaces, packet filters. */
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import process from "node:process";
import { onTestFinished, type TestContext } from "vitest";

/** Runs a program to its end; says why when it failed. */
export function attempt(command: string, ...words: readonly string[]): string | undefined {
  const { status, stderr, error } = spawnSync(command, words, { encoding: "utf8" });
  return status === 0 ? undefined : `${command} ${words.join(" ")}: ${error?.message ?? stderr.trim()}`;
}

/** Runs a program that a test cannot do without. */
export function must(command: string, ...words: readonly string[]): void {
  const failure = attempt(command, ...words);
  if (failure !== undefined) throw new Error(failure);
}

/** Skips the test, with a reason, when a step of its preparation is not possible here. */
export function need(context: TestContext, ...steps: readonly (readonly [string, ...string[]])[]): void {
  for (const [command, ...words] of steps) {
    const failure = attempt(command, ...words);
    if (failure !== undefined) context.skip(`not possible here: ${failure}`);
  }
}

export function needRoot(context: TestContext): void {
  context.skip(process.getuid?.() !== 0, "needs root");
}

/** Puts a tmpfs of its own at `directory`, unmounted when the test has finished; skips where that is not possible. */
export function mountTmpfs(context: TestContext, directory: string, options: string): void {
  needRoot(context);
  mkdirSync(directory, { recursive: true });
  need(context, ["mount", "-t", "tmpfs", "-o", options, "syncline-test", directory]);
  onTestFinished(() => void attempt("umount", "-l", directory));
}

export interface Cable {
  readonly left: string;
  readonly right: string;
  readonly leftEnd: string;
  readonly rightEnd: string;
}

const LEFT_ADDRESS = "10.77.0.1";
const RIGHT_ADDRESS = "10.77.0.2";

let cables = 0;

/** Two network namespaces with a cable between them, removed when the test has finished; skips where that is not possible. */
export function layCable(context: TestContext): Cable {
  needRoot(context);
  const id = `${process.pid}-${++cables}`;
  const cable = { left: `syncline-l${id}`, right: `syncline-r${id}`, leftEnd: `vl${id}`, rightEnd: `vr${id}` };
  const { left, right, leftEnd, rightEnd } = cable;
  onTestFinished(() => {
    for (const namespace of [left, right]) attempt("ip", "netns", "del", namespace);
  });
  const link = ["link", "add", leftEnd, "netns", left, "type", "veth", "peer", "name", rightEnd, "netns", right];
  need(
    context,
    ["ip", "netns", "add", left],
    ["ip", "netns", "add", right],
    ["ip", ...link],
    ["ip", "-n", left, "addr", "add", `${LEFT_ADDRESS}/24`, "dev", leftEnd],
    ["ip", "-n", right, "addr", "add", `${RIGHT_ADDRESS}/24`, "dev", rightEnd],
    ...[left, right].map((one) => ["ip", "-n", one, "link", "set", "lo", "up"] as const),
    ["ip", "-n", left, "link", "set", leftEnd, "up"],
    ["ip", "-n", right, "link", "set", rightEnd, "up"],
  );
  return cable;
}

/** What runs a program inside a namespace. */
export function inNamespace(namespace: string): readonly string[] {
  return ["ip", "netns", "exec", namespace];
}
