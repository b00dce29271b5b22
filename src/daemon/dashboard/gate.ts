/**
 * Judges where a request comes from, before anything of it is looked at.
 *
 * A browser speaks for any page its user has open. Two things tell our page
 * from another one: the Host it asked for, which defeats names that were made
 * to point at this machine (DNS rebinding), and the Origin that the browser
 * adds by itself. Pure, so that every case is a row of gate.test.ts.
 */
import { SyncError } from "../../shared/errors.ts";

export interface Approach {
  readonly method: string;
  /** Every value of these headers: one given twice is refused. */
  readonly hosts: readonly string[];
  readonly origins: readonly string[];
  readonly fetchSites: readonly string[];
}

/** What {@link judgeApproach} compares with. */
export interface Place {
  /** `127.0.0.1:4778`, `localhost:4778`: what a Host header may say. */
  readonly hosts: readonly string[];
  readonly scheme: "http" | "https";
}

/** Methods that change nothing; a browser sends no Origin with them. */
const READING: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/** Refuses a Host that is not this server's. For every request, static files included. */
export function judgeHost({ hosts }: Approach, place: Place): SyncError | undefined {
  const [host] = hosts;
  if (hosts.length === 1 && host !== undefined && place.hosts.includes(host)) return undefined;
  return new SyncError("E_NOT_ALLOWED", "this server does not answer to that Host", {
    hint: `open ${place.scheme}://${place.hosts[0]}`,
  });
}

/** Refuses what another page sends. For every request that reads or changes data. */
export function judgeApproach(approach: Approach, place: Place): SyncError | undefined {
  const fault = judgeHost(approach, place);
  if (fault !== undefined) return fault;
  const { method, origins, fetchSites, hosts } = approach;
  const foreign = new SyncError("E_NOT_ALLOWED", "the request comes from another page");
  if (origins.length > 1 || fetchSites.length > 1) return foreign;
  const [origin] = origins;
  if (origin === undefined && !READING.has(method)) return foreign;
  if (origin !== undefined && origin !== `${place.scheme}://${hosts[0]}`) return foreign;
  const [site] = fetchSites;
  return site === undefined || site === "same-origin" ? undefined : foreign;
}

/** All values of the headers that count, as they came. */
export function approachOf(method: string, rawHeaders: readonly string[]): Approach {
  const values = (name: string): readonly string[] =>
    rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
  return { method, hosts: values("host"), origins: values("origin"), fetchSites: values("sec-fetch-site") };
}
