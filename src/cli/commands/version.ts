import { readFileSync } from "node:fs";
import process from "node:process";
import { printable } from "../../shared/printable.ts";
import type { CommandHandler } from "../command-rows/command-row.ts";
import type { Io } from "../io.ts";

/** Prints the versions of the program, and of the daemon when it runs. */
export const version: CommandHandler = async (session) => {
  const daemon = (await session.isRunning()) ? await session.call("version", {}) : undefined;
  if (session.globals.json) {
    session.json({
      version: programVersion(),
      node: process.version,
      platform: platform(),
      daemon: daemon === undefined ? null : { version: daemon.version, node: daemon.node },
    });
    return;
  }
  session.print(`syncline ${programVersion()}\nnode ${process.version} on ${platform()}`);
  session.print(
    daemon === undefined
      ? "daemon not running"
      : `daemon ${printable(daemon.version)} (node ${printable(daemon.node)})`,
  );
};

/** For `syncline --version`. */
export function printVersion(io: Io, isJson: boolean): void {
  io.out(isJson ? `${JSON.stringify({ v: 1, version: programVersion() })}\n` : `${programVersion()}\n`);
}

export function programVersion(): string {
  const text = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}

function platform(): string {
  return `${process.platform}-${process.arch}`;
}
