import { expect, test } from "vitest";
import { type Approach, approachOf, judgeApproach, judgeHost } from "../../../src/daemon/dashboard/gate.ts";

const place = { hosts: ["127.0.0.1:4778", "localhost:4778"], scheme: "http" } as const;

function from(changes: Partial<Approach>): Approach {
  return { method: "GET", hosts: ["127.0.0.1:4778"], origins: [], fetchSites: [], ...changes };
}

test.each([
  ["127.0.0.1:4778", true],
  ["localhost:4778", true],
  ["evil.com", false],
  ["evil.com:4778", false],
  ["127.evil.com:4778", false],
  ["localhost.evil.com:4778", false],
  ["[::1]:4778", false],
  ["127.0.0.1", false],
  ["127.0.0.1:80", false],
  ["LOCALHOST:4778 ", false],
  ["", false],
])("Host %j passes: %s", (host, passes) => {
  expect(judgeHost(from({ hosts: [host] }), place) === undefined).toBe(passes);
});

test("a missing Host, or two, is refused", () => {
  expect(judgeHost(from({ hosts: [] }), place)?.code).toBe("E_NOT_ALLOWED");
  expect(judgeHost(from({ hosts: ["127.0.0.1:4778", "127.0.0.1:4778"] }), place)?.code).toBe("E_NOT_ALLOWED");
});

test.each([
  { name: "a read without Origin", given: {}, passes: true },
  { name: "a read of our page", given: { fetchSites: ["same-origin"] }, passes: true },
  { name: "an image on another page", given: { fetchSites: ["cross-site"] }, passes: false },
  { name: "another port of this host", given: { fetchSites: ["same-site"] }, passes: false },
  { name: "typed into the address bar", given: { fetchSites: ["none"] }, passes: false },
  { name: "a change by our page", given: { method: "POST", origins: ["http://127.0.0.1:4778"] }, passes: true },
  { name: "a change without Origin", given: { method: "POST" }, passes: false },
  { name: "a form on another page", given: { method: "POST", origins: ["http://evil.com"] }, passes: false },
  { name: "a sandboxed page", given: { method: "POST", origins: ["null"] }, passes: false },
  { name: "another port", given: { method: "POST", origins: ["http://127.0.0.1:9999"] }, passes: false },
  { name: "another scheme", given: { method: "POST", origins: ["https://127.0.0.1:4778"] }, passes: false },
  { name: "the other of our names", given: { method: "POST", origins: ["http://localhost:4778"] }, passes: false },
  { name: "a read with a foreign Origin", given: { origins: ["http://evil.com"] }, passes: false },
  {
    name: "two Origins",
    given: { method: "POST", origins: ["http://127.0.0.1:4778", "http://evil.com"] },
    passes: false,
  },
])("$name passes: $passes", ({ given, passes }) => {
  expect(judgeApproach(from(given), place) === undefined).toBe(passes);
});

test("headers are read as they came, whatever their case", () => {
  expect(approachOf("GET", ["HOST", "a", "host", "b", "Origin", "c", "X", "host", "Sec-Fetch-Site", "none"])).toEqual({
    method: "GET",
    hosts: ["a", "b"],
    origins: ["c"],
    fetchSites: ["none"],
  });
});
