/** The shapes of coming to the dashboard, signing in and out. Part of api.ts, which has the rules. */
import { z } from "zod";
import { nothing, role, time } from "./api-pieces.ts";

const session = z.object({
  device: z.object({ id: z.string(), name: z.string() }),
  /** Null: signed in by a link of `syncline open`. */
  user: z.string().nullable(),
  role,
  version: z.string(),
});

export const DASHBOARD_SHAPES = {
  dashboardKey: {
    input: z.strictObject({
      /** Writes a page into the home that leads there; else the link itself is answered. */
      page: z.boolean().default(false),
    }),
    output: z.object({
      /** Where the dashboard is, without the key. */
      url: z.string(),
      /** Signs in once; null when `page` was asked for. */
      link: z.string().nullable(),
      /** A file of mode 0600 that leads to the link; null unless `page` was asked for. */
      page: z.string().nullable(),
      expires: time,
      /** SHA-256 of the certificate that a browser is shown, `AB:CD:…`; null on loopback. */
      fingerprint: z.string().nullable(),
    }),
  },
} as const;

export const SIGN_IN_SHAPES = {
  signIn: {
    input: z.union([
      z.strictObject({ key: z.string().min(1).max(128) }),
      z.strictObject({ user: z.string().min(1).max(64), password: z.string().min(1).max(1024) }),
    ]),
    /** `token` goes into the header X-Syncline-Token of every later request, beside the cookie that is set here. */
    output: session.extend({ token: z.string() }),
  },
  session: { input: nothing, output: session },
  signOut: { input: nothing, output: z.object({ signedOut: z.boolean() }) },
  openApi: { input: nothing, output: z.record(z.string(), z.unknown()) },
} as const;
