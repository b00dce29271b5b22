import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmod, lchown, mkdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { expect, test } from "vitest";
import { findSocket } from "../../src/cli/find-daemon.ts";
import { homePaths } from "../../src/shared/home-paths.ts";
import { runTestCli, startTestNode } from "../support/command-line.ts";
import { fakeService } from "../support/fake-node-service.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const uid = process.geteuid?.() ?? 0;
const OTHER_USER = 12_345;

function pathsOf(home: string): ReturnType<typeof homePaths> {
  return homePaths({ home, platform: "linux", userHome: "/home/ann", env: {} });
}

test("a socket that another user planted is refused, and gets no byte", async ({ skip }) => {
  skip(uid !== 0, "only root can give a socket to another user");
  await using directory = await temporaryDirectory();
  const socket = join(directory.path, "control.sock");
  const planted = createServer(() => expect.unreachable("somebody connected")).listen(socket);
  await once(planted, "listening");
  await lchown(socket, OTHER_USER, OTHER_USER);
  await writeFile(
    join(directory.path, "run.json"),
    JSON.stringify({ v: 1, pid: 1, version: "0", startedAt: "x", socket }),
  );
  expect(() => findSocket(pathsOf(directory.path), uid)).toThrow(expect.objectContaining({ code: "E_HOME_UNSAFE" }));
  planted.close();
});

test("run.json cannot lead to a directory that others can write", async () => {
  await using node = await startTestNode(fakeService());
  await using elsewhere = await temporaryDirectory();
  const socket = join(elsewhere.path, "s.sock");
  const planted = createServer().listen(socket);
  await once(planted, "listening");
  await chmod(elsewhere.path, 0o777);
  await writeFile(join(node.home, "run.json"), JSON.stringify({ v: 1, pid: 1, version: "0", startedAt: "x", socket }));
  expect(await node.run(["status"])).toMatchObject({ exit: 1, err: expect.stringContaining("E_HOME_UNSAFE") });
  planted.close();
});

test("a home of another user, or open to others, is refused before anything in it is believed", async () => {
  await using node = await startTestNode(fakeService());
  expect(await node.run(["status"], { uid: OTHER_USER })).toMatchObject({
    exit: 1,
    err: expect.stringContaining("E_HOME_UNSAFE"),
  });
  await chmod(node.home, 0o755);
  expect(await node.run(["status"])).toMatchObject({ exit: 1, err: expect.stringContaining("chmod 700") });
});

test.each([
  ["no home", async (home: string) => rm(home, { recursive: true })],
  ["no run.json", async (home: string) => rm(join(home, "run.json"))],
  ["noise in run.json", async (home: string) => writeFile(join(home, "run.json"), "\0\0")],
  ["no socket", async (home: string) => rm(join(home, "control.sock"))],
])("with %s there is no daemon", async (_, spoil) => {
  await using node = await startTestNode(fakeService());
  await spoil(node.home);
  expect(await node.run(["status"])).toMatchObject({ exit: 9, err: expect.stringContaining("E_NOT_RUNNING") });
  await mkdir(node.home, { recursive: true });
});

test("a socket that a killed daemon left counts as no daemon", async () => {
  await using directory = await temporaryDirectory();
  const socket = join(directory.path, "dead.sock");
  const program = `require("node:net").createServer().listen(${JSON.stringify(socket)}, () => process.kill(process.pid, "SIGKILL"))`;
  try {
    execFileSync(process.execPath, ["-e", program]);
  } catch {
    // Killed, as meant.
  }
  await writeFile(
    join(directory.path, "run.json"),
    JSON.stringify({ v: 1, pid: 1, version: "0", startedAt: "x", socket }),
  );
  expect(await runTestCli(["--home", directory.path, "status"])).toMatchObject({
    exit: 9,
    err: expect.stringContaining("does not answer"),
  });
});
