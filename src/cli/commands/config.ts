/** `syncline config …`: with a daemon through it, without one on the file itself. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Setting } from "../../shared/api-settings.ts";
import { SETTING_KEYS, type SettingKey, settingFromText } from "../../shared/config-settings.ts";
import { EXIT, SyncError } from "../../shared/errors.ts";
import { printable } from "../../shared/printable.ts";
import { given, optionalArgument, textArgument } from "../arguments.ts";
import type { CommandHandler } from "../command-rows/command-row.ts";
import { renderTable } from "../render/table.ts";
import type { Session } from "../session.ts";

export const configPath: CommandHandler = async (session) => {
  const path = session.paths.configFile;
  if (session.globals.json) session.json({ path });
  else session.print(printable(path));
};

export const configGet: CommandHandler = async (session, args) => {
  const key = optionalArgument(args, 0);
  const settings = await readSettings(session, key);
  if (session.globals.json) session.json({ path: session.paths.configFile, settings });
  else if (key !== undefined) session.print(printable(valueText(settings[0]?.value)));
  else {
    const columns = [{ title: "KEY" }, { title: "VALUE" }, { title: "FROM" }, { title: "MEANING" }];
    session.print(
      renderTable(
        columns,
        settings.map((one) => [one.key, valueText(one.value), one.source, one.description]),
        session.globals.plain,
      ),
    );
  }
};

export const configSet: CommandHandler = async (session, args) => {
  const key = textArgument(args, 0);
  const text = textArgument(args, 1);
  // An unknown key is told by whoever has the schema, with a near miss.
  const value = (SETTING_KEYS as readonly string[]).includes(key) ? settingFromText(key as SettingKey, text) : text;
  const changed = await changeSettings(session, { [key]: value });
  if (session.globals.json) session.json({ path: session.paths.configFile, changed });
  else
    session.say(
      changed.length === 0
        ? `${printable(key)} was so already`
        : `${session.style("green", "✓")} ${printable(`${key} = ${text}`)}`,
    );
};

export const configValidate: CommandHandler = async (session, args) => {
  const given = optionalArgument(args, 0);
  const path = given === undefined ? session.paths.configFile : resolve(session.io.cwd, given);
  const text = await readConfig(path, given === undefined);
  const { describeFault, parseConfig } = await import("../../shared/config-parse.ts");
  const parsed = parseConfig(text);
  const faults = parsed.ok ? [] : parsed.faults;
  if (session.globals.json) {
    session.json({
      path,
      valid: parsed.ok,
      faults: faults.map(({ line, key, message, suggestion }) => ({
        line,
        key,
        message,
        suggestion: suggestion ?? null,
      })),
    });
  } else if (parsed.ok) session.say(`${session.style("green", "✓")} ${printable(path)} is in order`);
  else for (const fault of faults) session.print(printable(`${path}: ${describeFault(fault)}`));
  return parsed.ok ? EXIT.done : EXIT.usage;
};

async function readSettings(session: Session, key: string | undefined): Promise<readonly Setting[]> {
  if (await session.isRunning()) return (await session.call("configGet", given({ key }))).settings;
  const { readOfflineSettings } = await import("../start-daemon.ts");
  return readOfflineSettings(session.paths, session.io.env, key);
}

async function changeSettings(
  session: Session,
  settings: Readonly<Record<string, unknown>>,
): Promise<readonly string[]> {
  if (await session.isRunning()) return (await session.call("configSet", { settings })).changed;
  const { changeOfflineSettings } = await import("../start-daemon.ts");
  return changeOfflineSettings(session.paths, session.io.env, settings);
}

/** The node's own file need not be there: that is the defaults. */
async function readConfig(path: string, isOwn: boolean): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" && isOwn) return "";
    if (code === "ENOENT")
      throw new SyncError("E_PATH_NOT_FOUND", `${path} does not exist`, { cause, hint: "check the spelling" });
    throw new SyncError("E_PERMISSION", `${path} cannot be read: ${message}`, { cause });
  }
}

function valueText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
