/**
 * Gives out files to a browser. Whatever they hold stays inert: no type that
 * runs is ever named, none is guessed, and a policy of nothing at all would
 * stop what ran all the same.
 */
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { SessionOutput } from "../../shared/api.ts";
import { API_PREFIX } from "../../shared/api-routes.ts";
import { SyncError } from "../../shared/errors.ts";
import { LIMITS } from "../../shared/limits.ts";
import { releaseBytes } from "../../shared/release-bytes.ts";
import type { RequestContext } from "../api/node-service.ts";
import type { ByteRange } from "../transfers/read-content.ts";
import type { Session } from "../users/session-book.ts";
import { parseRange } from "./byte-range.ts";
import type { ContentFacts, ContentRequest, ContentSource, OpenContent } from "./content-port.ts";
import { isText, previewType } from "./preview-type.ts";
import type { Ticket, Tickets } from "./tickets.ts";

export interface ContentDeps {
  readonly source: ContentSource;
  readonly tickets: Tickets<ContentRequest>;
}

const INERT_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'";

/** Makes a ticket for what is there and can be given out. */
export async function makeTicket(
  { source, tickets }: ContentDeps,
  session: Session,
  request: ContentRequest,
  context: RequestContext,
): Promise<SessionOutput<"ticket">> {
  const facts = await source.look(request, context);
  const preview = request.use === "preview" ? previewOf(facts) : null;
  const { ticket, endMs } = tickets.make(session.id, request);
  const url = `${API_PREFIX}/content/${ticket}`;
  return { ticket, url, expires: new Date(endMs).toISOString(), ...facts, preview };
}

function previewOf({ name, type, size }: ContentFacts): "image" | "text" {
  if (type === "archive") throw new SyncError("E_USAGE", `${name} is a directory: there is nothing to show of it`);
  const { preview } = previewType(name);
  if (preview === "image" && (size ?? 0) > LIMITS.previewImageBytes.value)
    throw new SyncError("E_USAGE", `${name} is too large to be shown here`, { hint: "download it" });
  return preview;
}

/** Answers a request for what a ticket is for. `session` is known by its cookie alone. */
export async function serveContent(
  { source, tickets }: ContentDeps,
  session: Session | undefined,
  ticketText: string,
  { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
  context: RequestContext,
): Promise<void> {
  const continuing = continuedTag(request);
  const ticket = session === undefined ? undefined : tickets.use(session.id, ticketText, continuing);
  if (ticket === undefined)
    throw new SyncError("E_NOT_SIGNED_IN", "this address is used up, older than a minute, or another session's", {
      hint: "start it again on the page",
    });
  const content = await source.open(ticket.wanted, context);
  let end: { error: unknown; isAll: boolean } = { error: undefined, isAll: false };
  try {
    end = { error: undefined, isAll: await send(content, ticket, request, response, context.signal) };
  } catch (error) {
    end = { error, isAll: false };
    // In the middle of a file nothing can be said any more: whoever reads it must see that it was cut off.
    if (!response.headersSent) throw error;
    response.destroy();
  } finally {
    await content.close(end);
  }
}

/** The content that a request goes on with: it wants bytes from a later one on, of exactly that. */
function continuedTag({ headers }: IncomingMessage): string | undefined {
  const range = headers.range ?? "";
  const tag = headers["if-range"];
  return /^bytes=[1-9]\d*-/.test(range) && typeof tag === "string" && tag !== "" ? tag : undefined;
}

/** Whether the last byte was handed over. */
async function send(
  content: OpenContent,
  ticket: Ticket<ContentRequest>,
  request: IncomingMessage,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<boolean> {
  response.setHeader("Content-Security-Policy", INERT_POLICY);
  response.setHeader("Content-Disposition", disposition(content));
  if (ticket.wanted.use === "preview") return await sendPreview(content, response, signal);
  response.setHeader("Last-Modified", new Date(content.mtimeMs).toUTCString());
  const { size, tag } = content;
  if (size === null || tag === null) {
    response.writeHead(200, { "Content-Type": "application/zip", "Accept-Ranges": "none" });
    await pipe(content.read({ start: 0, end: Number.POSITIVE_INFINITY }), response, signal);
    return true;
  }
  const range = rangeOf(request, size, tag);
  ticket.tag = tag;
  if (range === "unsatisfiable") {
    response.writeHead(416, { "Content-Range": `bytes */${size}`, "Content-Length": 0 });
    response.end();
    return false;
  }
  const { start, end } = range ?? { start: 0, end: size };
  response.writeHead(range === undefined ? 200 : 206, {
    "Content-Type": "application/octet-stream",
    "Content-Length": end - start,
    "Accept-Ranges": "bytes",
    ETag: tag,
    ...(range === undefined ? {} : { "Content-Range": `bytes ${start}-${end - 1}/${size}` }),
  });
  await pipe(content.read({ start, end }), response, signal);
  return end === size;
}

/** A range counts only for the content that it was begun with. */
function rangeOf({ headers }: IncomingMessage, size: number, tag: string): ByteRange | "unsatisfiable" | undefined {
  const condition = headers["if-range"];
  if (condition !== undefined && condition !== tag) return undefined;
  return parseRange(headers.range, size);
}

async function sendPreview(content: OpenContent, response: ServerResponse, signal: AbortSignal): Promise<boolean> {
  const { preview, contentType } = previewType(content.name);
  const limit = preview === "image" ? LIMITS.previewImageBytes.value : LIMITS.previewTextBytes.value;
  const size = content.size ?? 0;
  const end = Math.min(size, limit);
  const pieces: Uint8Array[] = [];
  for await (const bytes of content.read({ start: 0, end })) pieces.push(bytes);
  const body = Buffer.concat(pieces);
  if (preview === "text" && !isText(body))
    throw new SyncError("E_USAGE", `${content.name} holds neither text nor an image that can be shown`, {
      hint: "download it",
    });
  signal.throwIfAborted();
  response.writeHead(200, {
    "Content-Type": contentType,
    "Content-Length": body.length,
    // What a page says when it shows only the beginning.
    "X-Syncline-Size": size,
  });
  response.end(body);
  return false;
}

async function pipe(pieces: AsyncIterable<Uint8Array>, response: ServerResponse, signal: AbortSignal): Promise<void> {
  for await (const bytes of pieces) {
    signal.throwIfAborted();
    if (!response.write(bytes, () => releaseBytes(bytes))) await once(response, "drain", { signal });
  }
  response.end();
}

/** Always to be saved, never to be opened in place; the plain name is for programs that do not know the other. */
function disposition({ name, type }: ContentFacts): string {
  const full = type === "archive" ? `${name}.zip` : name;
  const plain = full.replaceAll(/[^\w.,()+ -]/g, "_");
  const escaped = encodeURIComponent(full.toWellFormed()).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${escaped}`;
}
