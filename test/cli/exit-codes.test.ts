/** Every error a daemon can report: its exit code, its hint, for people and for scripts; and so every exit code. */
import { expect, test } from "vitest";
import { ERRORS, type ErrorCode, EXIT, SyncError } from "../../src/shared/errors.ts";
import { startTestNode } from "../support/command-line.ts";
import { fakeService } from "../support/fake-node-service.ts";

const CODES = Object.keys(ERRORS) as ErrorCode[];

test("each error ends the command with its exit code, and names the next step", async () => {
  let code: ErrorCode = "E_INTERNAL";
  await using node = await startTestNode(
    fakeService({
      status: async () => {
        throw new SyncError(code, `what ${code} is about`);
      },
    }),
  );
  const seen = new Set<number>();
  for (code of CODES) {
    const { exit, hint } = ERRORS[code];
    const person = await node.run(["status"]);
    expect(person).toMatchObject({ exit, out: "" });
    expect(person.err).toBe(`syncline: what ${code} is about (${code})\n  next: ${hint}\n`);
    const script = await node.run(["status", "--json"]);
    expect(script).toMatchObject({ exit, out: "" });
    expect(JSON.parse(script.err)).toEqual({
      ...{ v: 1, type: "error", code, exit, hint },
      message: `what ${code} is about`,
    });
    seen.add(exit);
  }
  seen.add((await node.run(["version"])).exit);
  const used = CODES.map((one) => ERRORS[one].exit as number);
  const missing = Object.values(EXIT).filter((exit) => exit !== EXIT.done && !used.includes(exit));
  expect(missing).toEqual([]);
  expect(seen).toEqual(new Set([EXIT.done, ...used]));
});
