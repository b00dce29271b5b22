/**
 * The shapes of the node's interface: what every route takes and gives, put
 * together from one module for each topic. What several topics use is in
 * api-pieces.ts.
 *
 * Daemon, command line and dashboard share them: the command line imports
 * types only, so that it starts fast. The server adds `"v": 1` to each
 * document. Bytes are integers, times RFC 3339 in UTC, absent facts null.
 * Shapes are added to freely; what is there keeps its name and meaning,
 * because scripts rely on it.
 */
import type { z } from "zod";
import { BROWSER_SHAPES } from "./api-browser.ts";
import { CONFLICT_SHAPES } from "./api-conflicts.ts";
import { FILE_SHAPES } from "./api-files.ts";
import { FOLDER_SHAPES } from "./api-folders.ts";
import { LIST_SHAPES } from "./api-list.ts";
import { NODE_SHAPES } from "./api-node.ts";
import { PEER_SHAPES } from "./api-peers.ts";
import { ROUTES, type Route, type RouteName, SESSION_ROUTES, type SessionRouteName } from "./api-routes.ts";
import { DASHBOARD_SHAPES, SIGN_IN_SHAPES } from "./api-session.ts";
import { SETTING_SHAPES } from "./api-settings.ts";
import { TRANSFER_SHAPES } from "./api-transfers.ts";
import { USER_SHAPES } from "./api-users.ts";
import { VERSION_SHAPES } from "./api-versions.ts";

interface Shapes {
  readonly input: z.ZodType;
  /** A document; of a stream, each line. */
  readonly output: z.ZodType;
}

const SHAPES = {
  ...NODE_SHAPES,
  ...PEER_SHAPES,
  ...FOLDER_SHAPES,
  ...CONFLICT_SHAPES,
  ...LIST_SHAPES,
  ...FILE_SHAPES,
  ...VERSION_SHAPES,
  ...TRANSFER_SHAPES,
  ...USER_SHAPES,
  ...SETTING_SHAPES,
  ...DASHBOARD_SHAPES,
} satisfies Record<RouteName, Shapes>;

const SESSION_SHAPES = {
  ...SIGN_IN_SHAPES,
  ...BROWSER_SHAPES,
} satisfies Record<SessionRouteName, Shapes>;

export type SessionRequest<R extends SessionRouteName> = z.output<(typeof SESSION_SHAPES)[R]["input"]>;
export type SessionInput<R extends SessionRouteName> = z.input<(typeof SESSION_SHAPES)[R]["input"]>;
export type SessionOutput<R extends SessionRouteName> = z.output<(typeof SESSION_SHAPES)[R]["output"]>;

/** What the dashboard's server answers by itself, with its shapes. */
export const SESSION_API: { readonly [R in SessionRouteName]: Route & (typeof SESSION_SHAPES)[R] } = Object.fromEntries(
  Object.entries(SESSION_SHAPES).map(([name, shapes]) => [
    name,
    { ...SESSION_ROUTES[name as SessionRouteName], ...shapes },
  ]),
) as never;

/** Routes with their shapes. */
export const API: { readonly [R in RouteName]: Route & (typeof SHAPES)[R] } = Object.fromEntries(
  Object.entries(SHAPES).map(([name, shapes]) => [name, { ...ROUTES[name as RouteName], ...shapes }]),
) as never;

export type JsonRoute = { [R in RouteName]: (typeof ROUTES)[R]["kind"] extends "json" ? R : never }[RouteName];
export type StreamRoute = Exclude<RouteName, JsonRoute>;

/** What a caller sends: defaults may be left out. */
export type RouteInput<R extends RouteName> = z.input<(typeof SHAPES)[R]["input"]>;
/** What a handler gets. */
export type RouteRequest<R extends RouteName> = z.output<(typeof SHAPES)[R]["input"]>;
/** A document, or one line of a stream. */
export type RouteOutput<R extends RouteName> = z.output<(typeof SHAPES)[R]["output"]>;

/** How every failure looks on the wire and with `--json`. */
export interface ApiError {
  readonly v: 1;
  readonly type: "error";
  readonly code: string;
  readonly exit: number;
  readonly message: string;
  readonly hint: string;
  /** Of a faulty pattern: which character, from 0. */
  readonly index?: number;
}
