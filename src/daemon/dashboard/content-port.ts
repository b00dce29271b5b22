/** What the dashboard's server gives out as bytes, as the node hands it over. */
import type { SessionRequest } from "../../shared/api.ts";
import type { RequestContext } from "../api/node-service.ts";
import type { ByteRange } from "../transfers/read-content.ts";

export type ContentRequest = SessionRequest<"ticket">;

/** What is known before anything is read. */
export interface ContentFacts {
  readonly name: string;
  readonly type: "file" | "archive";
  readonly size: number | null;
}

/** Something that is being given out. */
export interface OpenContent extends ContentFacts {
  /** Another one for other content; null for an archive, which is never the same twice. */
  readonly tag: string | null;
  readonly mtimeMs: number;
  /** Bytes of a range of a file; of an archive all of it. Each piece is the reader's own, who may give its memory back. Throws when they cannot be had. */
  read(range: ByteRange): AsyncIterable<Uint8Array>;
  /** Lets go of it, and notes how it ended. `isAll`: the last byte was handed over. Never throws. */
  close(end: { readonly error: unknown; readonly isAll: boolean }): Promise<void>;
}

export interface ContentSource {
  /** Whether it is there, and what it is. Throws E_PATH_NOT_FOUND and what else stands in the way. */
  look(request: ContentRequest, context: RequestContext): Promise<ContentFacts>;
  open(request: ContentRequest, context: RequestContext): Promise<OpenContent>;
}
