/**
 * Commands: one device asks another to run a route of its interface.
 *
 * The answer is raw: lines of JSON, as the control socket gives them, cut into
 * frames anywhere; the last frame has no MORE. The asker grants what it has
 * taken, so that one slow reader never holds up the connection.
 */
import { create } from "@bufbuild/protobuf";
import { LIMITS } from "../../shared/limits.ts";
import { fromBytes, toBytes } from "./codec.ts";
import { CommandCreditSchema, CommandSchema } from "./messages_pb.ts";
import { broken } from "./wire-values.ts";

export interface Command {
  /** Whatever the peer wrote, at most 64 characters of a name; whether there is such a route is the daemon's to say. */
  readonly route: string;
  /** JSON, not parsed yet. */
  readonly input: string;
  /** Whoever asks is no admin of the asking device, and counts as none here. All that a command can say of its asker, since it only takes away. */
  readonly isLimited: boolean;
  /** Proves the account that asks, as the asked device gave it out; "" when the device speaks for itself. */
  readonly session: string;
}

const SESSION_CHARACTERS_MAX = 128;

/** Request ids of commands begin here, so that a cancel means either a command or a request for file bytes. */
export const COMMAND_ID_MIN = 0x8000_0000;
export const COMMAND_ID_MAX = 0xffff_ffff;

export function encodeCommand({ route, input, isLimited, session }: Command): Uint8Array<ArrayBuffer> {
  return toBytes(CommandSchema, create(CommandSchema, { route, input, limited: isLimited, session }));
}

/** Decodes a command. Throws E_PROTOCOL. */
export function decodeCommand(body: Uint8Array): Command {
  const { route, input, limited, session } = fromBytes(CommandSchema, body);
  if (!/^[a-zA-Z]{1,64}$/.test(route)) throw broken("a command without a name");
  if (session.length > SESSION_CHARACTERS_MAX) throw broken("a session that is too long");
  return { route, input, isLimited: limited, session };
}

export function encodeCommandCredit(bytes: number): Uint8Array<ArrayBuffer> {
  return toBytes(CommandCreditSchema, create(CommandCreditSchema, { bytes }));
}

/** Decodes a grant of bytes. Throws E_PROTOCOL. */
export function decodeCommandCredit(body: Uint8Array): number {
  const { bytes } = fromBytes(CommandCreditSchema, body);
  if (bytes === 0 || bytes > LIMITS.commandWindowBytes.value) throw broken(`a grant of ${bytes} bytes`);
  return bytes;
}
