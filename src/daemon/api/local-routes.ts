/** The routes that need nothing but the process itself and its configuration. */
import process from "node:process";
import type { RouteOutput, RouteRequest } from "../../shared/api.ts";
import type { LogLine } from "../../shared/api-node.ts";
import { SyncError } from "../../shared/errors.ts";
import { changeSettings, listSettings } from "../config/settings.ts";
import { logEnd, logMatcher, readLogTail } from "../log-reader.ts";
import type { NodeContext } from "../node-context.ts";
import { Feed } from "./feed.ts";
import type { NodeService } from "./node-service.ts";
import { resolveFolder } from "./resolve-names.ts";

export type LocalRoutes = Pick<
  NodeService,
  "version" | "shutdown" | "logs" | "configGet" | "configSet" | "folderIgnore"
>;

/** Lines that wait for a slow reader of the log before the oldest are dropped. */
const WAITING_LINES_MAX = 10_000;

/** Makes the handlers. wiring.ts puts them beside the others. */
export function localRoutes(
  context: NodeContext,
  device: string,
  /** Throws where settings, each allowed by itself, may not be so now. */
  assertAllowed: (settings: Readonly<Record<string, unknown>>) => void,
): LocalRoutes {
  return {
    version: async () => ({
      version: context.version,
      node: process.version,
      platform: `${process.platform}-${process.arch}`,
      device,
    }),
    shutdown: async () => {
      context.stop("shutdown");
      return { pid: process.pid };
    },
    logs: (request, { signal }) => streamLogs(context, request, signal),
    configGet: async ({ key }) => ({ path: context.config.file, settings: listSettings(context.config, key) }),
    configSet: async ({ settings }) => {
      assertAllowed(settings);
      return { path: context.config.file, changed: await changeSettings(context.config, settings) };
    },
    folderIgnore: (request) => changePatterns(context, request),
  };
}

async function changePatterns(
  context: NodeContext,
  request: RouteRequest<"folderIgnore">,
): Promise<RouteOutput<"folderIgnore">> {
  const id = resolveFolder(context.config.get(), request.folder);
  await context.config.update((draft) => {
    const folder = draft.folders[id];
    if (folder === undefined) throw new SyncError("E_FOLDER_NOT_FOUND", `there is no folder "${id}" here`);
    const kept = folder.ignore.filter((pattern) => !request.remove.includes(pattern));
    const added = request.add.filter((pattern) => !kept.includes(pattern));
    folder.ignore = [...kept, ...new Set(added)];
  });
  return { folder: id, patterns: [...(context.config.get().folders[id]?.ignore ?? [])] };
}

/** The last lines, and with `follow` every later one: none twice, none left out. */
async function* streamLogs(
  context: NodeContext,
  request: RouteRequest<"logs">,
  signal: AbortSignal,
): AsyncIterable<RouteOutput<"logs">> {
  const { paths, log } = context;
  const { lines, level, contains } = request;
  const matches = logMatcher(request);
  const feed = new Feed<LogLine>(WAITING_LINES_MAX);
  // Subscribing writes out what is buffered; in the same turn, the files end where the feed begins.
  const unsubscribe = log.subscribe((line) => {
    if (request.follow && matches(line)) feed.push(line);
  });
  try {
    const tail = await readLogTail(paths.logDir, { lines, level, contains, signal, end: logEnd(paths.logDir) });
    yield* tail;
    if (request.follow) yield* feed.items(signal);
    else yield { type: "summary", lines: tail.length };
  } finally {
    unsubscribe();
  }
}
