/**
 * A download into a folder of this node that keeps versions there: received as
 * an upload to the folder is, by the folder's own loop, so that what gives way
 * is a version of its path.
 */
import { join } from "node:path";
import type { RouteOutput } from "../../shared/api.ts";
import type { FileResult, TransferLine } from "../../shared/api-transfers.ts";
import { SyncError } from "../../shared/errors.ts";
import { parseRelPath, type RelPath } from "../../shared/ids.ts";
import { printable } from "../../shared/printable.ts";
import type { FetchLink } from "../../sync/fetch/fetch-context.ts";
import type { KeepContext } from "../../sync/versions/keep-context.ts";
import { belowAsked } from "./below-asked.ts";
import type { DownloadRun, Place } from "./download.ts";
import { type Incoming, receive } from "./receive.ts";
import { contentOf } from "./told-content.ts";
import { countedLink, limitedLink } from "./transfer-links.ts";

/** A place in a folder of this node. */
export interface FolderPlace {
  readonly context: KeepContext;
  readonly root: string;
  readonly path: RelPath | "";
}

const RECEIVED_AT_ONCE = 500;

export async function* downloadInto(
  run: DownloadRun,
  link: FetchLink,
  place: Place,
  entries: AsyncIterable<RouteOutput<"downloadOpen">>,
  signal: AbortSignal,
): AsyncGenerator<TransferLine> {
  const into = run.folderAt(place.root);
  if (into === undefined)
    throw new SyncError(
      "E_USAGE",
      `only folders keep versions, and ${printable(place.root)} lies in none of this node`,
      {
        hint: "say overwrite, rename, skip, fail or ask",
      },
    );
  if (!run.request.reuse)
    throw new SyncError("E_USAGE", "--no-reuse has no meaning in a folder that keeps versions", {
      hint: "leave it out, or name a place outside",
    });
  let batch: Incoming[] = [];
  for await (const entry of entries) {
    if (entry.type === "end") break;
    if (entry.type === "opened") throw new SyncError("E_PROTOCOL", "a download was opened twice");
    if (entry.type === "missing") {
      yield await run.job.take(missing(run, entry));
      continue;
    }
    if (run.job.settled.has(entry.path)) continue;
    const path = targetOf(run, into, entry.path);
    batch.push({ offered: parseRelPath(entry.path), path, content: contentOf(entry, run.hasher) });
    if (batch.length < RECEIVED_AT_ONCE) continue;
    yield* receiveAll(run, link, into, batch, signal);
    batch = [];
  }
  if (batch.length > 0) yield* receiveAll(run, link, into, batch, signal);
}

function targetOf({ request }: DownloadRun, { path: base }: FolderPlace, told: string): RelPath {
  const below = belowAsked(request.path === "" ? "" : parseRelPath(request.path), told);
  return parseRelPath([base, below].filter((part) => part !== "").join("/"));
}

async function* receiveAll(
  run: DownloadRun,
  link: FetchLink,
  { context, root }: FolderPlace,
  items: readonly Incoming[],
  signal: AbortSignal,
): AsyncGenerator<TransferLine> {
  const { job, request, clock, locks, self, serving } = run;
  const told = new Map<string, string>(items.map(({ path, offered }) => [path, offered]));
  const results = receive(
    {
      ...{ context, clock, locks, owner: self, policy: "version" },
      link: limitedLink(
        countedLink(link, (wire) => job.countWire(wire)),
        request.limit,
        clock,
      ),
      isRemote: serving.peer !== undefined,
      ...{ delta: request.delta, compression: request.compression, isFresh: !request.resume },
      way: () => ({ transport: job.transport, why: job.why }),
      follow: (path, progress) => {
        job.progress.path = path;
        return job.follow(progress);
      },
    },
    items,
    signal,
  );
  for await (const result of results) {
    // Whoever is gone could not give the rest either: that is tried again when it is back.
    if (result.code === "E_NO_SOURCE" && !serving.isOpen)
      throw new SyncError("E_PEER_OFFLINE", `the connection to ${serving.name} was lost`);
    const storedAs = result.storedAs === null ? null : join(root, result.storedAs);
    yield await job.take({ ...result, path: told.get(result.path) ?? result.path, storedAs });
  }
}

/** Something below that cannot be had now. */
function missing(
  { job }: DownloadRun,
  { path, code, message }: Extract<RouteOutput<"downloadOpen">, { type: "missing" }>,
): FileResult {
  const { transport, why } = job;
  return {
    ...{ path, storedAs: null, fileBytes: 0, wireBytes: 0, saved: { delta: 0, reuse: 0, compression: 0 } },
    ...{ transport, why, hash: null, durationMs: 0, outcome: "failed", code, message },
  };
}
