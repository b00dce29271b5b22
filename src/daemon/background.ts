/**
 * The background process: started by `syncline up`, it reports on a
 * descriptor whether it came up, closes it, and goes on alone.
 *
 * Everything heavy is imported inside, so that a fault in it is reported, too.
 */
import { closeSync, writeSync } from "node:fs";
import { homedir } from "node:os";
import process from "node:process";
import { parseArgs } from "node:util";
import type { SettingKey } from "../shared/config-settings.ts";
import { homePaths } from "../shared/home-paths.ts";
import { closeInherited } from "./inherited-descriptors.ts";

const { values } = parseArgs({
  options: {
    home: { type: "string" },
    settings: { type: "string", default: "{}" },
    "report-fd": { type: "string" },
  },
});

closeInherited(new Set(values["report-fd"] === undefined ? [] : [Number(values["report-fd"])]));

function report(document: object): void {
  if (values["report-fd"] === undefined) return;
  const descriptor = Number(values["report-fd"]);
  try {
    writeSync(descriptor, `${JSON.stringify(document)}\n`);
    closeSync(descriptor);
  } catch {
    // Who started this is gone; the log has it.
  }
}

try {
  const { runDaemon } = await import("./main.ts");
  const { openNode } = await import("./wiring.ts");
  await runDaemon({
    paths: homePaths({ home: values.home, platform: process.platform, userHome: homedir(), env: process.env }),
    env: process.env,
    settings: JSON.parse(values.settings) as Partial<Record<SettingKey, unknown>>,
    terminal: undefined,
    verbose: false,
    onReady: (info) => report({ type: "ready", socket: info.socket }),
    openNode,
  });
} catch (error) {
  const { asSyncError, errorDocument } = await import("./api/api-error.ts");
  const failure = asSyncError(error);
  report(errorDocument(failure));
  process.exitCode = failure.exit;
}
