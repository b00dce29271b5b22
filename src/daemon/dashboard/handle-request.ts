/**
 * Answers one request to the dashboard's server: is it for us, from our own
 * page, by somebody who is signed in, and may he do that? Only then is it
 * looked up and answered, by the same table and the same code as on the
 * control socket.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { z } from "zod";
import { SESSION_API } from "../../shared/api.ts";
import { ROUTE_ACCESS } from "../../shared/api-access.ts";
import { API_PREFIX, type SessionRouteName, TOKEN_HEADER } from "../../shared/api-routes.ts";
import { SyncError } from "../../shared/errors.ts";
import type { LogFields } from "../../shared/ports.ts";
import type { Actor } from "../api/actor.ts";
import { badInput } from "../api/api-error.ts";
import { answerRoute, type DispatchOptions, sendDocument, sendFailure } from "../api/dispatch.ts";
import type { RequestContext } from "../api/node-service.ts";
import { readInput } from "../api/request-input.ts";
import { matchRoute, matchSessionRoute } from "../api/route-match.ts";
import type { Session, SessionActor } from "../users/session-book.ts";
import type { Users } from "../users/users.ts";
import { type Approach, approachOf, judgeApproach, judgeHost, type Place } from "./gate.ts";
import type { LoginKeys } from "./login-keys.ts";
import { openApiDocument } from "./open-api.ts";
import type { PageFiles } from "./page-files.ts";
import { guardResponse } from "./response-headers.ts";
import { sendNotBuilt, sendPageFile } from "./send-page.ts";
import { serveContent } from "./serve-content.ts";
import { answerOwnRoute, isOwnRoute, type OwnDeps, type OwnRoute } from "./session-routes.ts";

export interface HandlerOptions extends DispatchOptions, OwnDeps {
  readonly device: { readonly id: string; readonly name: () => string };
  readonly version: string;
  readonly cookieName: string;
  readonly users: Pick<Users, "sessions" | "throttle" | "signIn" | "noteSignIn">;
  readonly keys: LoginKeys;
  readonly page: PageFiles;
  /** Told of everything that was refused to somebody. */
  readonly onRefused: (what: LogFields) => void;
}

/** Handles the request; never throws. */
export async function handleRequest(
  request: IncomingMessage,
  response: ServerResponse,
  place: Place,
  signal: AbortSignal,
  options: HandlerOptions,
): Promise<void> {
  guardResponse(response);
  try {
    // Not by URL, which takes an escaped ".." for a step in the path.
    const [pathname = "", query = ""] = (request.url ?? "/").split(/\?(.*)/s, 2);
    const approach = approachOf(request.method ?? "", request.rawHeaders);
    const isApi = pathname === "/api" || pathname.startsWith("/api/");
    const fault = isApi ? judgeApproach(approach, place) : judgeHost(approach, place);
    if (fault !== undefined) {
      options.onRefused({
        reason: fault.message,
        host: approach.hosts[0],
        origin: approach.origins[0],
        path: pathname,
      });
      throw fault;
    }
    if (!isApi) await servePage(request, response, pathname, options);
    else
      await new ApiRequest({ request, response, place, signal, options, approach }).answer(
        pathname,
        new URLSearchParams(query),
      );
  } catch (error) {
    sendFailure(error, response, options.log, { withStack: false });
  }
}

async function servePage(
  request: IncomingMessage,
  response: ServerResponse,
  pathname: string,
  { page }: HandlerOptions,
): Promise<void> {
  const isReading = request.method === "GET" || request.method === "HEAD";
  const file = isReading ? await page.get(pathname) : undefined;
  if (file !== undefined) sendPageFile(file, request, response);
  else if (isReading && pathname === "/" && !page.isBuilt) sendNotBuilt(response);
  else throw new SyncError("E_PATH_NOT_FOUND", "there is no such page");
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly place: Place;
  readonly signal: AbortSignal;
  readonly options: HandlerOptions;
  readonly approach: Approach;
}

class ApiRequest {
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  async answer(pathname: string, query: URLSearchParams): Promise<void> {
    const { request, response, options } = this.#exchange;
    const method = request.method ?? "";
    const own = matchSessionRoute(method, pathname);
    if (own?.name === "signIn") {
      await this.#signIn(query);
      return;
    }
    if (own?.name === "content") {
      await this.#content(own.parameters["ticket"] ?? "");
      return;
    }
    const session = this.#session();
    if (session === undefined) throw new SyncError("E_NOT_SIGNED_IN", "nobody is signed in here");
    const until = this.#untilEnd(session);
    const actor = this.#actorOf(session);
    const context: RequestContext = { signal: until, actor, session: { id: session.id, end: () => this.#end() } };
    if (own !== undefined) {
      const asked = { request, query, parameters: own.parameters, session, context };
      if (isOwnRoute(own.name)) sendDocument(await answerOwnRoute(own.name, asked, options), response);
      else this.#answerAboutSession(own.name, session);
      return;
    }
    const match = matchRoute(method, pathname);
    if (match === undefined || ROUTE_ACCESS[match.name] === "local")
      throw new SyncError("E_PATH_NOT_FOUND", `there is no ${method} ${pathname}`, {
        hint: `see ${API_PREFIX}/openapi.json`,
      });
    if (ROUTE_ACCESS[match.name] === "admin" && session.actor.role !== "admin") {
      options.onRefused({
        reason: "for admins only",
        user: session.actor.user,
        route: match.name,
        path: pathname,
      });
      throw new SyncError("E_NOT_ALLOWED", "only an admin may do this");
    }
    if (method !== "GET")
      options.log.info("Asked for over the dashboard", {
        ...{ route: match.name, path: pathname, user: actor.user, role: actor.role },
        from: this.#from,
      });
    await answerRoute(match, query, request, response, context, options);
  }

  /** Known by the cookie and the ticket: a browser's own downloads send no header of ours. */
  async #content(ticket: string): Promise<void> {
    const { request, response, signal, options } = this.#exchange;
    const cookie = this.#cookieValue();
    const session = cookie === undefined ? undefined : options.users.sessions.findByCookie(cookie);
    const actor = this.#actorOf(session);
    const context = { signal: session === undefined ? signal : this.#untilEnd(session), actor };
    await serveContent(options.content, session, ticket, { request, response }, context);
  }

  #actorOf(session: Session | undefined): Actor {
    const { user, role } = session?.actor ?? { user: null, role: "user" as const };
    return { device: null, deviceName: this.#exchange.options.device.name(), user, role };
  }

  /** What is being answered ends with the session. */
  #untilEnd({ ended }: Session): AbortSignal {
    const { signal, response } = this.#exchange;
    ended.addEventListener("abort", () => response.destroy(), { once: true, signal });
    return AbortSignal.any([signal, ended]);
  }

  async #input<T>(schema: z.ZodType<T>, query: URLSearchParams): Promise<T> {
    const parsed = schema.safeParse(await readInput(this.#exchange.request, query, {}));
    if (!parsed.success) throw badInput(parsed.error);
    return parsed.data;
  }

  #answerAboutSession(name: Exclude<SessionRouteName, OwnRoute>, session: Session): void {
    const { response, options, place } = this.#exchange;
    if (name === "openApi") {
      const url = `${place.scheme}://${place.hosts[0]}`;
      sendDocument(openApiDocument(url, options.version, options.cookieName), response);
      return;
    }
    if (name === "signOut") {
      response.setHeader("Set-Cookie", this.#cookie("", 0));
      sendDocument({ signedOut: true }, response);
      // After the answer, which the end of the session would cut off.
      response.once("finish", () => this.#end());
      return;
    }
    sendDocument(this.#describe(session.actor), response);
  }

  async #signIn(query: URLSearchParams): Promise<void> {
    const { response, options } = this.#exchange;
    const input = await this.#input(SESSION_API.signIn.input, query);
    const actor = "key" in input ? this.#byKey(input.key) : await this.#byPassword(input);
    // A session of before ends, so that signing in never leaves one behind.
    const old = this.#cookieValue();
    if (old !== undefined) options.users.sessions.close(old);
    const { cookie, token } = options.users.sessions.open(actor, this.#from);
    response.setHeader("Set-Cookie", this.#cookie(cookie, COOKIE_SECONDS));
    sendDocument({ ...this.#describe(actor), token }, response);
  }

  #byKey(key: string): SessionActor {
    const { keys, users, onRefused } = this.#exchange.options;
    const { throttle } = users;
    if (keys.take(key)) {
      throttle.succeeded("link");
      users.noteSignIn({ name: null, role: "admin" }, this.#from);
      return { user: null, role: "admin" };
    }
    // A right key is never kept waiting by somebody's wrong ones: it cannot be guessed.
    throttle.admit("link");
    throttle.failed("link");
    onRefused({ reason: "a sign-in link that is used up or over" });
    throw new SyncError("E_LINK_USED", "this link is used up, or older than a minute");
  }

  async #byPassword({ user, password }: { readonly user: string; readonly password: string }): Promise<SessionActor> {
    const { name, role } = await this.#exchange.options.users.signIn({ user, password, from: this.#from });
    return { user: name, role };
  }

  /** Ends the session of this request. */
  #end(): void {
    this.#exchange.options.users.sessions.close(this.#cookieValue() ?? "");
  }

  /** The address of the caller's end. */
  get #from(): string {
    return this.#exchange.request.socket.remoteAddress ?? "";
  }

  #describe({ user, role }: SessionActor): object {
    const { device, version } = this.#exchange.options;
    return { device: { id: device.id, name: device.name() }, user, role, version };
  }

  #session(): Session | undefined {
    const { request, options } = this.#exchange;
    const cookie = this.#cookieValue();
    const token = request.headers[TOKEN_HEADER.toLowerCase()];
    return cookie === undefined || typeof token !== "string" ? undefined : options.users.sessions.find(cookie, token);
  }

  #cookieValue(): string | undefined {
    const { request, options } = this.#exchange;
    const prefix = `${options.cookieName}=`;
    const found = (request.headers.cookie ?? "").split(/; */).filter((pair) => pair.startsWith(prefix));
    // Two of one name: somebody else put one there.
    return found.length === 1 ? found[0]?.slice(prefix.length) : undefined;
  }

  #cookie(value: string, seconds: number): string {
    const { options, place } = this.#exchange;
    const secure = place.scheme === "https" ? "; Secure" : "";
    return `${options.cookieName}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${seconds}${secure}`;
  }
}

const COOKIE_SECONDS = 30 * 86_400;
