/**
 * What the page knows of the node: who is signed in, the latest status and
 * the latest events. One stream per page keeps it current; when it breaks, it
 * is taken up again where it was left, by the id of the last event.
 */
import { type Signal, signal } from "@preact/signals";
import type { SessionInput, SessionOutput } from "../../shared/api.ts";
import { type Access, ROUTE_ACCESS } from "../../shared/api-access.ts";
import type { NodeEvent, Status } from "../../shared/api-node.ts";
import type { RouteName } from "../../shared/api-routes.ts";
import { call, callSession, collect, Failure, isLost, lost, stream, token } from "./client.ts";
import { TrafficLog } from "./traffic-log.ts";

export type Session = SessionOutput<"session">;
/** "starting": not known yet. "live": what is shown is current. "lost": it was, and is taken up again. */
export type Link = "starting" | "signed-out" | "live" | "lost";

export const link: Signal<Link> = signal("starting");
export const session: Signal<Session | undefined> = signal(undefined);
export const status: Signal<Status | undefined> = signal(undefined);
/** Newest first. */
export const events: Signal<readonly NodeEvent[]> = signal([]);
/** Why signing in failed, when it did. */
export const signInFailure: Signal<Failure | undefined> = signal(undefined);
/** Why the link is lost, when it is. */
export const trouble: Signal<Failure> = signal(lost());
/**
 * Whether somebody looks. A browser has six connections for all tabs of a site:
 * one that has not been seen for a while lets go of its own, and takes it up when it is.
 */
export const isSeen: Signal<boolean> = signal(!document.hidden);
/** Counts up whenever something happened that lists may show. */
export const changes: Signal<number> = signal(0);
export const traffic: Signal<TrafficLog> = signal(new TrafficLog());

const EVENTS_SHOWN = 500;
/** Of very many events at once the newest are enough: nobody reads a thousand a second. */
const BURST = 50;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
/** A stream that has been silent for so long is asked for: a computer that slept leaves dead connections. */
const SILENCE_MS = 20_000;
const PROBE_MS = 5000;
const UNSEEN_MS = 5000;

/** Whether who is signed in may call a route. */
export function may(route: RouteName): boolean {
  const access: Access = ROUTE_ACCESS[route];
  return access === "user" || (access === "admin" && session.value?.role === "admin");
}

/** Signs in by the link this page was opened with, or by the session of before, and follows the node. */
export async function begin(): Promise<void> {
  const key = takeKey();
  try {
    if (key !== undefined) await enter({ key });
    else await resume();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (key !== undefined && !isLost(error)) signInFailure.value = error;
    // A link that was used already, as when a page is loaded again: the session of before may still hold.
    await resume().catch(() => {
      link.value = isLost(error) ? "lost" : "signed-out";
    });
    if (link.value === "lost") await returnOf();
  }
}

/** Signs in by name and password. */
export async function signIn(user: string, password: string): Promise<void> {
  await enter({ user, password });
}

export async function signOut(): Promise<void> {
  await callSession("signOut", {}).catch(() => undefined);
  leave();
}

/** The key of the link, out of the address before anything else is done. */
function takeKey(): string | undefined {
  const key = /^#k=([\w-]+)$/.exec(location.hash)?.[1];
  if (key !== undefined) history.replaceState(null, "", "#/home");
  return key;
}

async function enter(input: SessionInput<"signIn">): Promise<void> {
  const { token: given, ...who } = await callSession("signIn", input);
  token.set(given);
  opened(who);
}

async function resume(): Promise<void> {
  if (token.get() === "") throw new Failure({ code: "E_NOT_SIGNED_IN", message: "nobody is signed in", hint: "" });
  opened(await callSession("session", {}));
}

function opened(who: Session): void {
  session.value = who;
  signInFailure.value = undefined;
  void follow();
}

function leave(): void {
  token.set("");
  following?.abort();
  session.value = undefined;
  status.value = undefined;
  events.value = [];
  link.value = "signed-out";
}

let following: AbortController | undefined;
let wake: () => void = () => {};

/** Follows the node for as long as this session lasts. */
async function follow(): Promise<void> {
  following?.abort();
  const stop = new AbortController();
  following = stop;
  let waitMs = FIRST_WAIT_MS;
  while (!stop.signal.aborted) {
    trouble.value = lost();
    try {
      for await (const _ of listen(stop.signal)) waitMs = FIRST_WAIT_MS;
    } catch (error) {
      if (stop.signal.aborted) return;
      if (error instanceof Failure && error.code === "E_NOT_SIGNED_IN") {
        leave();
        return;
      }
      if (error instanceof Failure) trouble.value = error;
    }
    if (stop.signal.aborted) return;
    if (!isSeen.value) {
      await woken();
      continue;
    }
    link.value = "lost";
    await pause(waitMs);
    waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
  }
}

/** One connection; yields whenever something came. */
async function* listen(signal: AbortSignal): AsyncGenerator<void> {
  const cut = new AbortController();
  const watchdog = watchSilence(cut);
  const untilUnseen = isSeen.subscribe((now) => {
    if (!now) cut.abort();
  });
  try {
    if (events.value.length === 0 && may("events")) void addEarlier(signal);
    const since = events.value[0]?.id;
    const input = { burst: BURST, ...(since === undefined ? {} : { since }) };
    for await (const item of stream("watch", input, AbortSignal.any([signal, cut.signal]))) {
      watchdog.heard();
      link.value = "live";
      if (item.type === "status") takeStatus(item.status);
      else takeEvent(item.event);
      yield;
    }
  } finally {
    untilUnseen();
    watchdog.stop();
  }
}

/** What happened before is shown, too; and should the connection break before anything happens, it is taken up from there. */
async function addEarlier(signal: AbortSignal): Promise<void> {
  const lines = await collect("events", { limit: BURST }, signal).catch(() => []);
  if (signal.aborted) return;
  const since = events.value.at(-1)?.id ?? Number.POSITIVE_INFINITY;
  const earlier = lines.filter((line) => "id" in line && line.id < since) as readonly NodeEvent[];
  events.value = [...events.value, ...earlier.toReversed()];
}

function takeStatus(next: Status): void {
  traffic.value = traffic.value.with(next.traffic, performance.now());
  status.value = next;
  changes.value++;
}

function takeEvent(event: NodeEvent): void {
  if (event.id <= (events.value[0]?.id ?? -1)) return;
  events.value = [event, ...events.value].slice(0, EVENTS_SHOWN);
  changes.value++;
}

/** Cuts a connection that is dead without having ended. */
function watchSilence(cut: AbortController): { heard(): void; stop(): void } {
  let timer = 0;
  const probe = async (): Promise<void> => {
    try {
      await call("version", {}, AbortSignal.timeout(PROBE_MS));
      arm();
    } catch {
      cut.abort();
    }
  };
  const arm = (): void => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void probe(), SILENCE_MS);
  };
  arm();
  return { heard: arm, stop: () => clearTimeout(timer) };
}

/** Waits until the daemon answers; then it is known who is signed in. */
async function returnOf(): Promise<void> {
  let waitMs = FIRST_WAIT_MS;
  while (session.value === undefined && link.value === "lost") {
    await pause(waitMs);
    waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
    await resume().catch((error: unknown) => {
      if (!isLost(error)) link.value = "signed-out";
    });
  }
}

/** Waits, but no longer than until the page is looked at again or the network is back. */
async function pause(ms: number): Promise<void> {
  const timer = setTimeout(() => wake(), ms);
  await woken();
  clearTimeout(timer);
}

async function woken(): Promise<void> {
  await new Promise<void>((resolve) => {
    wake = resolve;
  });
}

addEventListener("online", () => wake());
// A link that is pasted into a tab of this page does not load it anew.
addEventListener("hashchange", () => {
  if (location.hash.startsWith("#k=")) void begin();
});

let unseen = 0;
function look(): void {
  clearTimeout(unseen);
  if (document.hidden) {
    unseen = window.setTimeout(() => {
      isSeen.value = false;
    }, UNSEEN_MS);
  } else {
    isSeen.value = true;
    wake();
  }
}
document.addEventListener("visibilitychange", look);
look();
