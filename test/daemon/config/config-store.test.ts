import { chmod, readdir, readFile, readlink, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ConfigStore } from "../../../src/daemon/config/config-store.ts";
import { changeSettings, listSettings } from "../../../src/daemon/config/settings.ts";
import type { Config } from "../../../src/shared/config-schema.ts";
import type { FolderId } from "../../../src/shared/ids.ts";
import type { Log } from "../../../src/shared/ports.ts";
import { silentLog } from "../../support/silent-log.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

interface Bench extends AsyncDisposable {
  readonly file: string;
  open(env?: Record<string, string>, log?: Log): Promise<ConfigStore>;
}

async function bench(): Promise<Bench> {
  const directory = await temporaryDirectory();
  const file = join(directory.path, "config.json");
  const stores: ConfigStore[] = [];
  return {
    file,
    open: async (env = {}, log = silentLog) => {
      const store = await ConfigStore.open({ file, env, log });
      stores.push(store);
      return store;
    },
    [Symbol.asyncDispose]: async () => {
      for (const store of stores) await store[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

function nextChange(store: ConfigStore): Promise<Config> {
  const { promise, resolve } = Promise.withResolvers<Config>();
  store.onChange(resolve);
  return promise;
}

const folder = {
  label: "docs",
  path: "/docs",
  mode: "two-way",
  paused: false,
  ignore: [],
  delta: "auto",
  compression: "auto",
  peers: {},
} as const;
const id = "docs" as FolderId;

describe("a store", () => {
  test("begins with the defaults and writes nothing", async () => {
    await using b = await bench();
    const store = await b.open();
    expect(store.get()).toMatchObject({ listen: "*:4777", discovery: true, folders: {}, peers: {} });
    expect(store.get().name).not.toBe("");
    await expect(stat(b.file)).rejects.toThrow("ENOENT");
  });

  test("writes what was set and no default, for its owner alone", async () => {
    await using b = await bench();
    const store = await b.open();
    expect(await store.update((draft) => Object.assign(draft.folders, { [id]: folder }))).toBe(true);
    await store.update((draft) => {
      draft.listen = "*:5000";
    });
    expect(JSON.parse(await readFile(b.file, "utf8"))).toEqual({
      version: 1,
      listen: "*:5000",
      folders: { docs: folder },
      peers: {},
    });
    expect((await stat(b.file)).mode & 0o777).toBe(0o600);
    expect((await b.open()).get()).toEqual(store.get());
  });

  test("tells listeners of a change once, with before and after", async () => {
    await using b = await bench();
    const store = await b.open();
    const heard: (readonly [string, string])[] = [];
    const stop = store.onChange((next, previous) => heard.push([previous.logLevel, next.logLevel]));
    await store.update((draft) => {
      draft.logLevel = "debug";
    });
    expect(await store.update(() => {})).toBe(false);
    stop();
    await store.update((draft) => {
      draft.logLevel = "warn";
    });
    expect(heard).toEqual([["info", "debug"]]);
  });

  test("refuses a change that the schema refuses, and nothing has changed", async () => {
    await using b = await bench();
    const store = await b.open();
    const change = store.update((draft) => {
      draft.listen = "nowhere";
    });
    await expect(change).rejects.toMatchObject({
      code: "E_BAD_CONFIG",
      message: expect.stringContaining("listen must be HOST:PORT"),
    });
    expect(store.get().listen).toBe("*:4777");
    await expect(stat(b.file)).rejects.toThrow("ENOENT");
  });

  test("keeps all of many changes made at once", async () => {
    await using b = await bench();
    const store = await b.open();
    const ids = Array.from({ length: 20 }, (_, index) => `f${index}` as FolderId);
    await Promise.all(
      ids.map((name) =>
        store.update((draft) => Object.assign(draft.folders, { [name]: { ...folder, path: `/${name}` } })),
      ),
    );
    expect(Object.keys((await b.open()).get().folders).sort()).toEqual(ids.sort());
    expect((await readdir(join(b.file, ".."))).sort()).toEqual(["config.json"]);
  });

  test("does not start from a faulty file, and names file and line", async () => {
    await using b = await bench();
    await writeFile(b.file, '{\n"lisen": 1}');
    await expect(b.open()).rejects.toMatchObject({
      code: "E_BAD_CONFIG",
      message: `${b.file}: line 2: unknown key "lisen"; did you mean "listen"?`,
    });
  });

  test("follows a link to the file and leaves the link there", async () => {
    await using b = await bench();
    await writeFile(`${b.file}.real`, "{}");
    await symlink(`${b.file}.real`, b.file);
    await (await b.open()).update((draft) => {
      draft.name = "tower";
    });
    expect(await readlink(b.file)).toBe(`${b.file}.real`);
    expect(await readFile(`${b.file}.real`, "utf8")).toContain("tower");
  });
});

describe("an edit by hand", () => {
  test.each([
    ["in place", (file: string, text: string) => writeFile(file, text)],
    [
      "by rename",
      async (file: string, text: string) => {
        await writeFile(`${file}~`, text);
        await rename(`${file}~`, file);
      },
    ],
  ])("%s counts without a restart", async (_, write) => {
    await using b = await bench();
    const store = await b.open();
    const changed = nextChange(store);
    await write(b.file, '{"name": "tower"}');
    expect((await changed).name).toBe("tower");
  });

  test("with a fault is reported; the configuration before it counts on, and no update overwrites it", async () => {
    await using b = await bench();
    const { promise, resolve } = Promise.withResolvers<string>();
    const store = await b.open({}, { ...silentLog, error: (message) => resolve(message) });
    await store.update((draft) => {
      draft.name = "tower";
    });
    await writeFile(b.file, '{"name": }');
    expect(await promise).toContain("config.json has a fault");
    expect(store.get().name).toBe("tower");
    expect(store.fault).toMatchObject({ code: "E_BAD_CONFIG" });
    const update = store.update((draft) => {
      draft.name = "other";
    });
    await expect(update).rejects.toMatchObject({ code: "E_BAD_CONFIG" });
    expect(await readFile(b.file, "utf8")).toBe('{"name": }');
    const mended = nextChange(store);
    await writeFile(b.file, '{"name": "mended"}');
    expect((await mended).name).toBe("mended");
    expect(store.fault).toBeUndefined();
  });

  test.each(["removed", "emptied"])("that leaves the file %s makes no folder go", async (how) => {
    await using b = await bench();
    const { promise, resolve } = Promise.withResolvers<string>();
    const store = await b.open({}, { ...silentLog, error: (message) => resolve(message) });
    await store.update((draft) => Object.assign(draft.folders, { [id]: folder }));
    if (how === "removed") await rm(b.file);
    else await writeFile(b.file, "");
    await promise;
    expect(Object.keys(store.get().folders)).toEqual(["docs"]);
    await store.update((draft) => {
      draft.name = "tower";
    });
    expect(JSON.parse(await readFile(b.file, "utf8"))).toMatchObject({ name: "tower", folders: { docs: folder } });
  });

  test("made a moment before an update is kept", async () => {
    await using b = await bench();
    const store = await b.open();
    await writeFile(b.file, '{"name": "tower"}');
    await store.update((draft) => {
      draft.listen = "*:5000";
    });
    expect(store.get()).toMatchObject({ name: "tower", listen: "*:5000" });
  });
});

describe("the environment", () => {
  test("comes before the file and is not stored", async () => {
    await using b = await bench();
    await writeFile(b.file, '{"logLevel": "warn"}');
    const store = await b.open({
      SYNCLINE_LOG_LEVEL: "debug",
      SYNCLINE_DISCOVERY: "off",
      SYNCLINE_RESCAN_MINUTES: "5",
    });
    expect(store.get()).toMatchObject({ logLevel: "debug", discovery: false, rescanMinutes: 5 });
    expect(store.source("logLevel")).toBe("environment");
    expect(store.source("listen")).toBe("default");
    await store.update((draft) => {
      draft.name = "tower";
    });
    expect(JSON.parse(await readFile(b.file, "utf8"))).toEqual({
      version: 1,
      logLevel: "warn",
      name: "tower",
      folders: {},
      peers: {},
    });
  });

  test("with a fault names the variable", async () => {
    await using b = await bench();
    await expect(b.open({ SYNCLINE_LISTEN: "nowhere" })).rejects.toMatchObject({
      code: "E_BAD_CONFIG",
      message: 'SYNCLINE_LISTEN="nowhere": must be HOST:PORT, such as *:4777 or 192.168.1.5:4777',
    });
  });
});

describe("settings", () => {
  test("are listed with value, default and source", async () => {
    await using b = await bench();
    const store = await b.open();
    expect(await changeSettings(store, { keepDays: 7, listen: "*:4777" })).toEqual(["keepDays"]);
    expect(listSettings(store, "keepDays")).toMatchObject([{ key: "keepDays", value: 7, default: 30, source: "file" }]);
    expect(await changeSettings(store, { keepDays: null })).toEqual(["keepDays"]);
    expect(listSettings(store, "keepDays")).toMatchObject([{ value: 30, source: "default" }]);
  });

  test("keep a port that was picked, when port 0 is asked for again", async () => {
    await using b = await bench();
    const store = await b.open();
    await changeSettings(store, { listen: "127.0.0.1:41234" });
    expect(await changeSettings(store, { listen: "127.0.0.1:0" })).toEqual([]);
    expect(await changeSettings(store, { listen: "*:0" })).toEqual(["listen"]);
  });

  test("that do not exist are named with a near miss, and none of the others is changed", async () => {
    await using b = await bench();
    const store = await b.open();
    await expect(changeSettings(store, { keepDays: 7, listn: "*:1" })).rejects.toMatchObject({
      code: "E_KEY_NOT_FOUND",
      hint: expect.stringContaining('did you mean "listen"?'),
    });
    expect(store.get().keepDays).toBe(30);
  });
});

test("a home that cannot be written is told", async ({ skip }) => {
  skip(process.geteuid?.() === 0, "root can write everywhere");
  await using b = await bench();
  const store = await b.open();
  await chmod(join(b.file, ".."), 0o500);
  const update = store.update((draft) => {
    draft.name = "tower";
  });
  await expect(update).rejects.toMatchObject({ code: "E_PERMISSION" });
  await chmod(join(b.file, ".."), 0o700);
});
