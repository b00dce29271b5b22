/** The shapes of what a browser fetches and brings as bytes. Part of api.ts, which has the rules. */
import { z } from "zod";

const bytes = z.number().int().min(0);
const time = z.iso.datetime();

export const BROWSER_SHAPES = {
  ticket: {
    input: z.strictObject({
      /** "self" is this node. */
      peer: z.string().min(1).max(255).default("self"),
      folder: z.string().min(1).max(255),
      /** "" is the folder itself, as an archive. */
      path: z.string().max(8192),
      /** "preview": an image, or the beginning of a text, to be shown on a page. */
      use: z.enum(["download", "preview"]).default("download"),
    }),
    output: z.object({
      ticket: z.string(),
      /** Where it is fetched, below the server's address. */
      url: z.string(),
      expires: time,
      name: z.string(),
      /** An "archive" is a directory. */
      type: z.enum(["file", "archive"]),
      /** Null for an archive. */
      size: bytes.nullable(),
      /** How a preview is shown; null for a download. */
      preview: z.enum(["image", "text"]).nullable(),
    }),
  },
  content: { input: z.strictObject({ ticket: z.string().min(1).max(128) }), output: z.unknown() },
} as const;
