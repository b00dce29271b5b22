import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { carryOut, type RunProgram } from "../../../src/cli/service/carry-out.ts";
import { serviceSpec } from "../../../src/cli/service/service-spec.ts";
import { type Surroundings, serviceOf } from "../../../src/cli/service/service-steps.ts";
import { runTestCli } from "../../support/command-line.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const run = promisify(execFile);
const AROUND: Surroundings = { platform: "linux", userHome: "/home/ann", uid: 1000, userName: "ann", env: {} };
const PROGRAM = ["/opt/syn cline/bin/syncline"] as const;
const ODD = { home: '/home/ann/a "b" 100%$x\\', program: PROGRAM, env: {} };

function texts(around: Surroundings, facts: Parameters<typeof serviceSpec>[0]): string {
  const { install } = serviceOf(serviceSpec(facts), around);
  return install.map((step) => (step.type === "write" ? step.text : "")).join("");
}

describe("a systemd unit", () => {
  const usual = { home: undefined, program: PROGRAM, env: { XDG_STATE_HOME: "/data/state", PATH: "/bin" } };

  test("starts the launcher in the foreground, with what tells where its files are", () => {
    const unit = texts(AROUND, usual);
    expect(unit).toContain('ExecStart="/opt/syn cline/bin/syncline" "up" "--foreground"\n');
    expect(unit).toContain('Environment="XDG_STATE_HOME=/data/state"\n');
    expect(unit).not.toContain("PATH=");
  });

  test("is hardened, and leaves every directory writable", () => {
    const unit = texts(AROUND, usual);
    for (const line of ["NoNewPrivileges=yes", "SystemCallArchitectures=native", "SystemCallFilter=@system-service"])
      expect(unit).toContain(`\n${line}\n`);
    expect(unit).not.toMatch(/^(Protect|Private|ReadOnly|Inaccessible|MemoryDenyWriteExecute)/m);
  });

  test("takes odd names as they are", () => {
    expect(texts(AROUND, ODD)).toContain(String.raw`"--home" "/home/ann/a \"b\" 100%%$$x\\" "up"`);
  });

  test("is in order for systemd", async ({ skip }) => {
    await using place = await temporaryDirectory();
    const file = join(place.path, "syncline.service");
    // It looks whether the program exists.
    await writeFile(file, texts(AROUND, { ...ODD, program: [process.execPath] }));
    try {
      const { stderr } = await run("systemd-analyze", ["verify", "--user", file], {
        env: { ...process.env, XDG_RUNTIME_DIR: place.path },
      });
      expect(stderr).not.toContain("syncline.service");
    } catch (error) {
      const { code, stderr } = error as { code?: string; stderr?: string };
      skip(code === "ENOENT", "systemd-analyze is not installed: the unit is not verified");
      skip(!stderr?.includes("syncline"), `systemd-analyze does not work here: ${stderr}`);
      throw error;
    }
  });
});

test.each([
  {
    platform: "linux",
    file: "/home/ann/.config/systemd/user/syncline.service",
    last: "systemctl --user restart syncline.service",
  },
  {
    platform: "darwin",
    file: "/home/ann/Library/LaunchAgents/syncline.daemon.plist",
    last: "launchctl bootstrap gui/1000 /home/ann/Library/LaunchAgents/syncline.daemon.plist",
  },
  {
    platform: "win32",
    file: "/home/ann\\AppData\\Local\\Syncline\\syncline.xml",
    last: "schtasks /Run /TN syncline",
  },
])("on $platform it is $file, and started", ({ platform, file, last }) => {
  const service = serviceOf(serviceSpec({ home: undefined, program: PROGRAM, env: {} }), { ...AROUND, platform });
  expect(service.file).toBe(file);
  expect(service.install.at(-1)).toMatchObject({ type: "run", command: last.split(" ") });
  expect(service.uninstall).toContainEqual({ type: "remove", path: file });
});

test("a launchd agent holds each word by itself, escaped", () => {
  const plist = texts({ ...AROUND, platform: "darwin" }, ODD);
  expect(plist).toContain("<string>/opt/syn cline/bin/syncline</string>\n    <string>--home</string>\n");
  expect(plist).toContain("<string>/home/ann/a &quot;b&quot; 100%$x\\</string>");
});

test("a task of Windows quotes words, and has no window", () => {
  const task = texts({ ...AROUND, platform: "win32", userName: "ANN&CO\\ann" }, ODD);
  expect(task).toContain("<Command>conhost.exe</Command>");
  expect(task).toContain(
    "--headless &quot;/opt/syn cline/bin/syncline&quot; --home &quot;/home/ann/a \\&quot;b\\&quot; 100%$x\\\\&quot; up --foreground",
  );
  expect(task).toContain("<UserId>ANN&amp;CO\\ann</UserId>");
});

test("each home has a service of its own, always the same", () => {
  const name = (home: string | undefined): string =>
    serviceOf(serviceSpec({ home, program: PROGRAM, env: {} }), AROUND).name;
  expect(name("/a")).toMatch(/^syncline-[0-9a-f]{8}\.service$/);
  expect(name("/a")).toBe(name("/a"));
  expect(new Set([name("/a"), name("/b"), name(undefined)]).size).toBe(3);
});

test("steps are done in order, and the first that fails ends it", async () => {
  await using place = await temporaryDirectory();
  const path = join(place.path, "deep", "a.service");
  const asked: string[] = [];
  const answer: RunProgram = async (command) => {
    asked.push(command.join(" "));
    return command[0] === "false" ? { exit: 1, output: "no\nsuch unit\n" } : { exit: 0, output: "" };
  };
  const steps = [
    { type: "run", command: ["false", "may"], mayFail: true },
    { type: "write", path, text: "[Unit]", encoding: "utf16le" },
    { type: "run", command: ["true"], mayFail: false },
    { type: "run", command: ["false", "now"], mayFail: false },
    { type: "run", command: ["never"], mayFail: false },
  ] as const;
  await expect(carryOut(steps, answer, new AbortController().signal)).rejects.toMatchObject({
    code: "E_SERVICE_FAILED",
    message: "`false now` failed: such unit",
  });
  expect(asked).toEqual(["false may", "true", "false now"]);
  expect(await readFile(path, "utf16le")).toBe("\u{feff}[Unit]");
});

test("without a service manager nothing is written, and the next step is named", async ({ skip }) => {
  const hasManager = await run("systemctl", ["--user", "show-environment"]).then(
    () => true,
    () => false,
  );
  skip(hasManager || process.platform !== "linux", "this machine has a service manager");
  await using place = await temporaryDirectory();
  const { exit, err } = await runTestCli(["--home", join(place.path, "home"), "service", "install"], {
    userHome: place.path,
  });
  expect(exit).toBe(1);
  expect(err).toMatch(/E_NO_SERVICE_MANAGER[\s\S]*next: (have whatever|log in)/);
  const status = await runTestCli(["--json", "service", "status"], { userHome: place.path });
  expect(JSON.parse(status.out)).toMatchObject({ installed: false, running: false, kind: "systemd" });
});
