/** What the dashboard's server does by itself for who is signed in: tickets, and uploads from browsers. */
import type { IncomingMessage } from "node:http";
import type { z } from "zod";
import { SESSION_API, type SessionOutput } from "../../shared/api.ts";
import type { BatchFile } from "../../shared/api-browser.ts";
import type { SessionRouteName } from "../../shared/api-routes.ts";
import { SyncError } from "../../shared/errors.ts";
import { parseRelPath } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import { badInput } from "../api/api-error.ts";
import type { RequestContext } from "../api/node-service.ts";
import { readBytes, readInput } from "../api/request-input.ts";
import type { Session } from "../users/session-book.ts";
import type { FileFacts } from "./batches/batch-directory.ts";
import type { UploadBatches } from "./batches/upload-batches.ts";
import { type ContentDeps, makeTicket } from "./serve-content.ts";

/** Routes that are answered here; the others are about the session itself. */
export type OwnRoute = Exclude<SessionRouteName, "signIn" | "session" | "signOut" | "openApi" | "content">;

export interface OwnRequest {
  readonly request: IncomingMessage;
  readonly query: URLSearchParams;
  readonly parameters: Readonly<Record<string, string>>;
  readonly session: Session;
  readonly context: RequestContext;
}

export interface OwnDeps {
  readonly content: ContentDeps;
  readonly batches: UploadBatches;
}

type Handlers = { readonly [R in OwnRoute]: (asked: OwnRequest, deps: OwnDeps) => Promise<SessionOutput<R>> };

const HANDLERS: Handlers = {
  ticket: async (asked, { content }) =>
    await makeTicket(content, asked.session, await inputOf("ticket", asked), asked.context),
  batchOpen: async (asked, { content, batches }) => {
    const input = await inputOf("batchOpen", asked);
    if (input.path !== "") parseRelPath(input.path);
    // Whether there is such a folder is said before anything is sent.
    await content.source.look({ ...input, path: "", use: "download" }, asked.context);
    return await batches.open(input, asked.context.actor);
  },
  batchList: async ({ context }, { batches }) => ({ batches: [...batches.list(context.actor)] }),
  batchShow: async (asked, { batches }) => {
    const { id, since } = await inputOf("batchShow", asked);
    const batch = batches.get(id, asked.context.actor);
    return { ...batch.view, files: [...batch.settledSince(since)] };
  },
  batchFile: async (asked, { batches }) => {
    const input = await inputOf("batchFile", asked);
    return await batches.get(input.id, asked.context.actor).fileState(factsOf(input));
  },
  batchPut: async (asked, { batches }) => {
    const { request, query, parameters, context } = asked;
    const bytes = await readBytes(request, LIMITS.uploadPieceBytes.value);
    const parsed = SESSION_API.batchPut.input.safeParse({ ...Object.fromEntries(query), ...parameters });
    if (!parsed.success) throw badInput(parsed.error);
    const piece = { start: startOf(request, bytes.length, parsed.data.size), bytes, sha256: digestOf(request) };
    return await batches.get(parsed.data.id, context.actor).put(factsOf(parsed.data), piece);
  },
  batchSeal: async (asked, { batches }) => {
    const batch = batches.get((await inputOf("batchSeal", asked)).id, asked.context.actor);
    await batch.seal();
    return batch.view;
  },
  batchRemove: async (asked, { batches }) => {
    await batches.remove((await inputOf("batchRemove", asked)).id, asked.context.actor);
    return { removed: true };
  },
};

export function isOwnRoute(name: SessionRouteName): name is OwnRoute {
  return Object.hasOwn(HANDLERS, name);
}

export async function answerOwnRoute(name: OwnRoute, asked: OwnRequest, deps: OwnDeps): Promise<object> {
  return await HANDLERS[name](asked, deps);
}

async function inputOf<R extends OwnRoute>(
  name: R,
  { request, query, parameters }: OwnRequest,
): Promise<z.output<(typeof SESSION_API)[R]["input"]>> {
  const parsed = SESSION_API[name].input.safeParse(await readInput(request, query, parameters));
  if (!parsed.success) throw badInput(parsed.error);
  return parsed.data as z.output<(typeof SESSION_API)[R]["input"]>;
}

function factsOf({ name, size, mtimeMs }: BatchFile): FileFacts {
  return { name: parseRelPath(name), size, mtimeMs };
}

/** Where the bytes go: `bytes 0-99/1234`, or, where there are none, `bytes *` + `/0`. */
function startOf({ headers }: IncomingMessage, count: number, size: number): number {
  const text = headers["content-range"] ?? "";
  if (count === 0 && size === 0) return 0;
  const [, first = "", last = "", whole = ""] = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16})$/.exec(text) ?? [];
  const start = Number(first);
  if (first === "" || Number(last) - start + 1 !== count || Number(whole) !== size)
    throw new SyncError("E_USAGE", "Content-Range does not say what the request holds", {
      hint: `such as: Content-Range: bytes 0-${Math.max(0, count - 1)}/${size}`,
    });
  return start;
}

/** RFC 9530: `sha-256=:BASE64:`. */
function digestOf({ headers }: IncomingMessage): Uint8Array {
  const found = /(?:^|,)\s*sha-256=:([\w+/]{43}=):/i.exec(String(headers["content-digest"] ?? ""));
  if (found?.[1] === undefined)
    throw new SyncError("E_USAGE", "the request does not tell the SHA-256 of its bytes", {
      hint: "such as: Content-Digest: sha-256=:BASE64:",
    });
  return Buffer.from(found[1], "base64");
}
