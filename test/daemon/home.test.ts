import { chmod, chown, lstat, mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { describe, expect, test } from "vitest";
import { controlSockets, openHome } from "../../src/daemon/home.ts";
import { homePaths } from "../../src/shared/home-paths.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const isRoot = process.geteuid?.() === 0;
const OTHER_USER = 12_345;

function pathsOf(home: string): ReturnType<typeof homePaths> {
  return homePaths({ home, platform: process.platform, userHome: "/home/ann", env: {} });
}

async function modeOf(path: string): Promise<string> {
  return ((await lstat(path)).mode & 0o777).toString(8);
}

describe("a home", () => {
  test("that is missing is made with 0700, whatever the umask", async () => {
    await using directory = await temporaryDirectory();
    const home = join(directory.path, "a/b/home");
    await openHome(pathsOf(home));
    expect(await modeOf(home)).toBe("700");
    expect(await modeOf(join(home, "logs"))).toBe("700");
  });

  test.each([0o755, 0o777, 0o500, 0o750])("that is empty with mode %o is set to 0700", async (mode) => {
    await using directory = await temporaryDirectory();
    await chmod(directory.path, mode);
    await openHome(pathsOf(directory.path));
    expect(await modeOf(directory.path)).toBe("700");
  });

  test.each([0o755, 0o770, 0o701, 0o711])(
    "that holds something with mode %o is refused and left alone",
    async (mode) => {
      await using directory = await temporaryDirectory();
      await writeFile(join(directory.path, "x"), "");
      await chmod(directory.path, mode);
      await expect(openHome(pathsOf(directory.path))).rejects.toMatchObject({
        code: "E_HOME_UNSAFE",
        hint: expect.stringContaining(`chmod 700 ${directory.path}`),
      });
      expect(await modeOf(directory.path)).toBe(mode.toString(8));
      expect(await readdir(directory.path)).toEqual(["x"]);
    },
  );

  test("of mode 0700 with something in it is taken", async () => {
    await using directory = await temporaryDirectory();
    await writeFile(join(directory.path, "x"), "");
    await openHome(pathsOf(directory.path));
  });

  test("reached by a link is judged by where it leads", async () => {
    await using directory = await temporaryDirectory();
    const [real, link] = [join(directory.path, "real"), join(directory.path, "link")];
    await mkdir(real, { mode: 0o755 });
    await writeFile(join(real, "x"), "");
    await chmod(real, 0o755);
    await symlink(real, link);
    await expect(openHome(pathsOf(link))).rejects.toMatchObject({ code: "E_HOME_UNSAFE" });
    await chmod(real, 0o700);
    await openHome(pathsOf(link));
  });

  test("that is a file, or below one, is refused", async () => {
    await using directory = await temporaryDirectory();
    await writeFile(join(directory.path, "file"), "");
    await expect(openHome(pathsOf(join(directory.path, "file")))).rejects.toMatchObject({ code: "E_NOT_A_DIRECTORY" });
    await expect(openHome(pathsOf(join(directory.path, "file/home")))).rejects.toMatchObject({
      code: "E_NOT_A_DIRECTORY",
    });
  });

  test("of another user is refused, even when it is empty", async ({ skip }) => {
    skip(!isRoot, "only root can give a directory to another user");
    await using directory = await temporaryDirectory();
    await chown(directory.path, OTHER_USER, OTHER_USER);
    await expect(openHome(pathsOf(directory.path))).rejects.toMatchObject({
      code: "E_HOME_UNSAFE",
      message: expect.stringContaining(`belongs to user ${OTHER_USER}`),
    });
  });
});

describe("the places", () => {
  const base = { platform: "linux", userHome: "/home/ann", env: {} };

  test("are one directory with --home", () => {
    const paths = homePaths({ ...base, home: "/n" });
    expect(paths).toMatchObject({
      configDir: "/n",
      stateDir: "/n",
      configFile: "/n/config.json",
      socket: "/n/control.sock",
    });
  });

  test.each([
    ["linux", {}, "/home/ann/.config/syncline", "/home/ann/.local/state/syncline"],
    ["linux", { XDG_CONFIG_HOME: "/c/", XDG_STATE_HOME: "/s" }, "/c/syncline", "/s/syncline"],
    ["linux", { XDG_CONFIG_HOME: "relative" }, "/home/ann/.config/syncline", "/home/ann/.local/state/syncline"],
    ["darwin", {}, "/home/ann/Library/Application Support/Syncline", "/home/ann/Library/Application Support/Syncline"],
    [
      "win32",
      { APPDATA: String.raw`C:\A`, LOCALAPPDATA: String.raw`C:\L` },
      String.raw`C:\A\Syncline`,
      String.raw`C:\L\Syncline`,
    ],
  ])("on %s with %j are the platform's", (platform, env, configDir, stateDir) => {
    expect(homePaths({ ...base, home: undefined, platform, env })).toMatchObject({ configDir, stateDir });
  });
});

describe("the socket", () => {
  test("lies in the home, and else in the runtime directory", async () => {
    await using directory = await temporaryDirectory();
    const deep = join(directory.path, "x".repeat(120));
    expect((await controlSockets(pathsOf(directory.path), {}))[0]).toBe(join(directory.path, "control.sock"));
    await expect(controlSockets(pathsOf(deep), {})).rejects.toMatchObject({
      code: "E_START_FAILED",
      message: expect.stringContaining("too long"),
    });
    const [socket, ...others] = await controlSockets(pathsOf(deep), { XDG_RUNTIME_DIR: directory.path });
    expect(socket?.startsWith(join(directory.path, "syncline-"))).toBe(true);
    expect(others).toEqual([]);
    expect(await controlSockets(pathsOf(directory.path), { XDG_RUNTIME_DIR: directory.path })).toHaveLength(2);
  });

  test("is never put into a runtime directory that others can enter", async () => {
    await using directory = await temporaryDirectory();
    await chmod(directory.path, 0o755);
    expect(await controlSockets(pathsOf("/n"), { XDG_RUNTIME_DIR: directory.path })).toEqual(["/n/control.sock"]);
  });
});
