/**
 * Commands between daemons: what this node's person asks of a peer, and what
 * peers ask of this node. The same routes as on the control socket; only those
 * marked `peers` in the table.
 */
import { API } from "../../shared/api.ts";
import { ROUTES, type Route, type RouteName } from "../../shared/api-routes.ts";
import { ERRORS, type ErrorCode, SyncError } from "../../shared/errors.ts";
import type { DeviceId } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { Log } from "../../shared/ports.ts";
import { printable } from "../../shared/printable.ts";
import type { WireBytes } from "../../shared/transfer-bytes.ts";
import type { PeerCommand } from "../net/net-client.ts";
import type { NetPeer } from "../net/net-peer.ts";
import type { SessionBook } from "../users/session-book.ts";
import type { Access } from "./access.ts";
import type { Actor } from "./actor.ts";
import { inPieces, lineOf } from "./answer-lines.ts";
import { asSyncError, badInput, errorDocument } from "./api-error.ts";
import { callRoute, each, isStream, linesOf } from "./call-route.ts";
import type { NodeService, RequestContext } from "./node-service.ts";

const SHOWN_CHARACTERS = 2000;

export interface PeerCommandsDeps {
  readonly service: NodeService;
  readonly access: Access;
  readonly sessions: Pick<SessionBook, "findFor" | "close">;
  readonly log: Log;
}

/** Runs a command of a connected device and sends it the answer. Never throws: a failure is the last line. */
export async function answerPeer(
  { service, access, sessions, log }: PeerCommandsDeps,
  peer: Pick<NetPeer, "device" | "name">,
  command: PeerCommand,
  signal: AbortSignal,
): Promise<void> {
  const encoder = new TextEncoder();
  const grants = access.grantsOf(peer.device);
  try {
    const device = access.actorOf(peer.device);
    if (device === undefined) throw new SyncError("E_NOT_ALLOWED", "this device is not trusted there");
    const { name, input } = parseCommand(command);
    const session = command.session === "" ? undefined : sessions.findFor(peer.device, command.session);
    if (command.session !== "" && session === undefined) throw loginOver();
    const { role, user } = session?.actor ?? device;
    const actor: Actor = command.isLimited
      ? { ...device, user, role: "user", isGuest: true }
      : { ...device, user, role };
    log.debug("A peer's command", { device: peer.name, user, route: name });
    const context: RequestContext = {
      actor,
      signal: session === undefined ? signal : AbortSignal.any([signal, session.ended]),
      session: session && { id: session.id, end: () => sessions.close(command.session) },
    };
    for await (const piece of inPieces(linesOf(callRoute(service, name, input, context), lineOf))) {
      signal.throwIfAborted();
      // A right, or the session, may have been taken away meanwhile; who still has it may ask again.
      if (access.grantsOf(peer.device) !== grants)
        throw new SyncError("E_NOT_ALLOWED", "the rights of this device were changed meanwhile", {
          hint: "run the same command again",
        });
      if (session?.ended.aborted === true && name !== "loginClose") throw loginOver();
      await command.reply(encoder.encode(piece));
    }
  } catch (error) {
    if (signal.aborted) return;
    const isOver = command.session !== "" && sessions.findFor(peer.device, command.session) === undefined;
    const failure = isOver ? loginOver() : asSyncError(error);
    if (failure.code === "E_INTERNAL") log.error("A peer's command failed", { device: peer.name, error });
    if (failure.code === "E_NOT_ALLOWED" || failure.code === "E_NOT_SIGNED_IN")
      log.warn("Refused a peer's command", { device: peer.name, route: command.route, reason: failure.message });
    await command.reply(encoder.encode(`${JSON.stringify(errorDocument(failure))}\n`)).catch(() => {});
  }
}

function loginOver(): SyncError {
  return new SyncError("E_NOT_SIGNED_IN", "this login is over");
}

/** The route and its checked input. Only routes that are marked for peers exist here. */
function parseCommand({ route, input }: PeerCommand): { readonly name: RouteName; readonly input: unknown } {
  const row: Route | undefined = Object.hasOwn(ROUTES, route) ? ROUTES[route as RouteName] : undefined;
  if (row?.peers !== true) throw new SyncError("E_NOT_ALLOWED", `"${route}" is no command that peers may give`);
  const name = route as RouteName;
  const parsed = API[name].input.safeParse(parseJson(input));
  if (!parsed.success) throw badInput(parsed.error);
  return { name, input: parsed.data };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SyncError("E_USAGE", "the command's input is not JSON", { cause });
  }
}

/** How this node reaches a peer for somebody who asked here. */
export interface PeerAsker {
  /** The connection to the device that a text names; undefined when the text names this node itself. Throws E_PEER_NOT_FOUND, E_PEER_OFFLINE. */
  reach(text: string): Promise<NetPeer | undefined>;
  /** What people here call a device. */
  nameOf(device: DeviceId): string;
  /** What proves to a device that one of its users asks. Throws E_NOT_SIGNED_IN. */
  sessionOf(device: DeviceId, user: string): string;
}

/** Asks a peer to run a route; gives what the handler would give, one by one. `input` has passed its schema. */
export function askPeer(...asked: Parameters<typeof askPeerBatched>): Promise<unknown> | AsyncIterable<unknown> {
  const answer = askPeerBatched(...asked);
  return isStream(answer) ? each(answer) : answer;
}

/** As {@link askPeer}, with what came together in batches. */
export function askPeerBatched(
  asker: PeerAsker,
  peer: NetPeer,
  name: RouteName,
  input: unknown,
  { signal, actor, asUser }: Pick<RequestContext, "signal" | "actor" | "asUser">,
  onWire?: (wire: WireBytes) => void,
): Promise<unknown> | AsyncIterable<unknown> {
  const row: Route = ROUTES[name];
  if (row.peers !== true)
    throw new SyncError("E_USAGE", "this cannot be asked of another device", {
      hint: "run it on that device",
    });
  const peerName = asker.nameOf(peer.device);
  const session = asUser === undefined ? "" : asker.sessionOf(peer.device, asUser);
  const command = { route: name, input: JSON.stringify(input), isLimited: actor.role !== "admin", session };
  const documents = documentsFrom({ name: peerName, asUser }, name, peer.command(command, signal, onWire));
  return row.kind === "ndjson" ? documents : only(peerName, documents);
}

async function only(peer: string, documents: AsyncIterable<readonly unknown[]>): Promise<unknown> {
  for await (const document of each(documents)) return document;
  throw badAnswer(peer);
}

/** Lines of a peer's answer as they come, each held against the schema of its route. */
async function* documentsFrom(
  asked: Asked,
  name: RouteName,
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<readonly unknown[]> {
  const peer = asked.name;
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest = "";
  for await (const bytes of pieces) {
    const lines = (rest + decode(decoder, bytes, peer)).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > LIMITS.commandLineCharacters.value) throw badAnswer(peer);
    const documents: unknown[] = [];
    try {
      for (const line of lines) documents.push(documentFrom(asked, name, line));
    } catch (error) {
      yield documents;
      throw error;
    }
    yield documents;
  }
  if (rest !== "") throw badAnswer(peer);
}

function decode(decoder: TextDecoder, bytes: Uint8Array, peer: string): string {
  try {
    return decoder.decode(bytes, { stream: true });
  } catch (cause) {
    throw badAnswer(peer, cause);
  }
}

function documentFrom(asked: Asked, name: RouteName, line: string): unknown {
  const peer = asked.name;
  let document: unknown;
  try {
    document = JSON.parse(line);
  } catch (cause) {
    throw badAnswer(peer, cause);
  }
  if (isError(document)) throw errorFrom(asked, document);
  const parsed = API[name].output.safeParse(document);
  if (!parsed.success) throw badAnswer(peer, parsed.error);
  return parsed.data;
}

/** Whom a command was for, and as whom. */
interface Asked {
  readonly name: string;
  readonly asUser: string | undefined;
}

interface ErrorLine {
  readonly code: string;
  readonly message?: unknown;
  readonly hint?: unknown;
  readonly index?: unknown;
}

function isError(document: unknown): document is ErrorLine {
  return (
    typeof document === "object" &&
    document !== null &&
    "type" in document &&
    document.type === "error" &&
    "code" in document &&
    typeof document.code === "string"
  );
}

/** A failure there, told here. Its exit code is this program's, not the peer's. */
function errorFrom({ name: peer, asUser }: Asked, { code, message, hint, index }: ErrorLine): SyncError {
  const known = Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : "E_INTERNAL";
  const said = `${peer}: ${shown(message) ?? code}`;
  if (known === "E_FOLDER_NOT_FOUND") {
    const guess = /did you mean [^?]{1,200}\?/.exec(shown(hint) ?? "");
    return new SyncError(known, said, {
      hint: `${guess === null ? "" : `${guess[0]} `}see \`syncline list ${peer}:\``,
    });
  }
  if (known === "E_NOT_SIGNED_IN")
    return new SyncError(known, said, { hint: `syncline login ${peer} --user ${asUser ?? "NAME"}` });
  const next = shown(hint);
  return new SyncError(known, said, { ...(next === undefined ? {} : { hint: next }), facts: { index } });
}

function shown(text: unknown): string | undefined {
  return typeof text === "string" && text !== "" ? printable(text.slice(0, SHOWN_CHARACTERS)) : undefined;
}

function badAnswer(peer: string, cause?: unknown): SyncError {
  return new SyncError("E_PROTOCOL", `${peer} gave an answer that is none`, cause === undefined ? {} : { cause });
}
