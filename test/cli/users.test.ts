/** Users on the command line: how a password comes in, and what is refused before the daemon is asked. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CliSurroundings, startTestNode, type TestNode } from "../support/command-line.ts";
import { fakeService } from "../support/fake-node-service.ts";
import { fakeUserRoutes } from "../support/fake-users.ts";

const asked: unknown[] = [];
let node: TestNode;
beforeAll(async () => {
  node = await startTestNode(
    fakeService({
      userAdd: async (request, context) => {
        asked.push(request);
        return await fakeUserRoutes.userAdd(request, context);
      },
      login: async (request, context) => {
        asked.push({ ...request, asUser: context.asUser });
        return await fakeUserRoutes.login(request, context);
      },
    }),
  );
});
afterAll(() => node[Symbol.asyncDispose]());

const GOOD = "correct horse";

test.each<{ name: string; argv: readonly string[]; how: CliSurroundings; says: string }>([
  { name: "no password", argv: ["user", "add", "bob"], how: {}, says: "a password is needed" },
  { name: "an empty one", argv: ["user", "add", "bob"], how: { answers: [""] }, says: "a password is needed" },
  { name: "a short one", argv: ["user", "add", "bob"], how: { answers: ["short"] }, says: "too short" },
  { name: "the name itself", argv: ["user", "add", "margarete"], how: { answers: ["Margarete"] }, says: "name" },
  {
    name: "two that differ",
    argv: ["user", "add", "bob"],
    how: { isTerminal: true, answers: [GOOD, `${GOOD}!`] },
    says: "the two passwords differ",
  },
  {
    name: "a question that is forbidden",
    argv: ["user", "add", "bob", "--no-input"],
    how: { isTerminal: true, answers: [GOOD, GOOD] },
    says: "--no-input",
  },
  { name: "a name that is none", argv: ["user", "add", "b@b"], how: { answers: [GOOD] }, says: "letters a to z" },
  { name: "a role that is none", argv: ["user", "role", "bob", "admn"], how: {}, says: "did you mean admin?" },
  { name: "nobody to sign in", argv: ["login", "desk"], how: { answers: [GOOD] }, says: "login desk --user NAME" },
  { name: "a user that is no name", argv: ["list", "desk:", "--user", "a b"], how: {}, says: "--user: a user's name" },
  { name: "a user for this node", argv: ["list", "self:", "--user", "bob"], how: {}, says: "leave --user out" },
  { name: "a flag for a password", argv: ["user", "add", "bob", "--password", GOOD], how: {}, says: "--password" },
])("$name: exit 2, and nothing is asked of the daemon", async ({ argv, how, says }) => {
  asked.length = 0;
  const { exit, out, err } = await node.run(argv, how);
  expect({ exit, out, asked }).toEqual({ exit: 2, out: "", asked: [] });
  expect(err).toContain(says);
});

test("a password that is typed twice, or comes on standard input, is the daemon's to keep", async () => {
  asked.length = 0;
  const typed = await node.run(["user", "add", "bob"], { isTerminal: true, answers: [GOOD, GOOD] });
  const piped = await node.run(["user", "add", "ann", "--role", "admin", "--json"], { answers: [`${GOOD}\r`] });
  expect([typed.exit, piped.exit]).toEqual([0, 0]);
  expect(asked).toEqual([
    { name: "bob", role: "user", password: GOOD },
    { name: "ann", role: "admin", password: GOOD },
  ]);
  expect(`${typed.out}${typed.err}${piped.out}${piped.err}`).not.toContain(GOOD);
});

test("login asks for the name that --user does not say, and a colon behind the device is no part of it", async () => {
  asked.length = 0;
  const { exit, out } = await node.run(["login", "desk:"], { isTerminal: true, answers: ["bob", GOOD] });
  expect([exit, out]).toEqual([0, expect.stringContaining("signed in on desk as bob")]);
  expect(asked).toMatchObject([{ peer: "desk", user: "bob", password: GOOD }]);
});
