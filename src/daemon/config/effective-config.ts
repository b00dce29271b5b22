/** What counts: the environment before the file, the file before the defaults. */
import { hostname } from "node:os";
import { type Config, type ConfigFile, SETTING_SCHEMAS } from "../../shared/config-schema.ts";
import { SETTING_KEYS, SETTINGS, type SettingKey, settingFromText, variableOf } from "../../shared/config-settings.ts";
import { SyncError } from "../../shared/errors.ts";

export type Environment = Readonly<Record<string, string | undefined>>;
export type SettingSource = "default" | "file" | "environment";

/** Puts the three together. */
export function effectiveConfig(file: ConfigFile, overrides: Overrides): Config {
  const settings = SETTING_KEYS.map((key) => [key, overrides.get(key) ?? file[key] ?? SETTINGS[key].default]);
  const config = { version: 1, ...Object.fromEntries(settings), folders: file.folders, peers: file.peers } as Config;
  return { ...config, name: config.name ?? machineName() };
}

/** Where a setting's value comes from. */
export function sourceOf(key: SettingKey, file: ConfigFile, overrides: Overrides): SettingSource {
  if (overrides.has(key)) return "environment";
  return file[key] === undefined ? "default" : "file";
}

export type Overrides = ReadonlyMap<SettingKey, unknown>;

/** Reads the `SYNCLINE_*` variables of settings. They are never stored. Throws E_BAD_CONFIG that names the variable. */
export function readEnvironment(env: Environment): Overrides {
  const overrides = new Map<SettingKey, unknown>();
  for (const key of SETTING_KEYS) {
    const variable = variableOf(key);
    const text = env[variable];
    if (text === undefined || text === "") continue;
    const result = SETTING_SCHEMAS[key].safeParse(settingFromText(key, text));
    if (!result.success) {
      throw new SyncError(
        "E_BAD_CONFIG",
        `${variable}="${text}": ${result.error.issues[0]?.message ?? "is not allowed"}`,
        {
          hint: `correct or unset ${variable}`,
        },
      );
    }
    overrides.set(key, result.data);
  }
  return overrides;
}

function machineName(): string {
  const name = hostname().split(".")[0] ?? "";
  return name === "" ? "unnamed" : name.slice(0, 64);
}
