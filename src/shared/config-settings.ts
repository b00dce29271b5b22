/**
 * The settings of a node, each declared once: type, default, description and
 * flag. The schema of config.json, `SYNCLINE_*` variables, the flags of `up`
 * and `join`, the help and docs/cli.md are made from this table. No imports,
 * so that the command line starts fast.
 */
interface SettingRow {
  /** "name": 1 to 64 characters or null; "address": HOST:PORT; "address-or-off": the same or "off". */
  readonly type: "name" | "address" | "address-or-off" | "boolean" | "level" | "number";
  readonly default: string | number | boolean | null;
  readonly description: string;
  /** As commander takes it; only settings that `up` and `join` store have one. */
  readonly flag?: string;
  /** Where the flag says something else than the setting. */
  readonly flagMeaning?: string;
  readonly min?: number;
  readonly max?: number;
}

export const SETTINGS = {
  name: {
    type: "name",
    default: null,
    description: "what other devices call this one; null is the name of the machine",
    flag: "--name <name>",
  },
  listen: {
    type: "address",
    default: "*:4777",
    description:
      "where peers reach this device, TCP and UDP; * is every address, port 0 picks a free port once and keeps it",
    flag: "--listen <host:port>",
  },
  dashboard: {
    type: "address-or-off",
    default: "127.0.0.1:4778",
    description:
      "where the dashboard is served, or off; elsewhere than on loopback by HTTPS, once an admin has a password",
    flag: "--dashboard <host:port|off>",
  },
  discovery: {
    type: "boolean",
    default: true,
    description: "finds paired devices on the local network, and lets them find this one",
    flag: "--no-discovery",
    flagMeaning: "neither looks for devices on the local network nor lets them find this one",
  },
  logLevel: {
    type: "level",
    default: "info",
    description: "least level that is logged: debug, info, warn or error",
  },
  rescanMinutes: {
    type: "number",
    default: 60,
    min: 1,
    max: 10_080,
    description: "time between full scans, which find what the watcher missed",
  },
  keepDays: {
    type: "number",
    default: 30,
    min: 1,
    max: 3650,
    description: "how long versions and deleted files are kept",
  },
} as const satisfies Record<string, SettingRow>;

export type SettingKey = keyof typeof SETTINGS;
export const SETTING_KEYS: readonly SettingKey[] = Object.keys(SETTINGS) as SettingKey[];
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The row of a setting, with its optional fields in sight. */
export function settingRow(key: SettingKey): SettingRow {
  return SETTINGS[key];
}

/** The environment variable of a setting: `logLevel` is `SYNCLINE_LOG_LEVEL`. */
export function variableOf(key: SettingKey): string {
  return `SYNCLINE_${key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** Reads a setting as a person types it: `true`, `60`, `null`, or the text itself. The schema judges the result. */
export function settingFromText(key: SettingKey, text: string): string | number | boolean | null {
  const { type } = settingRow(key);
  if (text === "null") return null;
  if (type === "boolean")
    return (
      (
        { true: true, on: true, yes: true, "1": true, false: false, off: false, no: false, "0": false } as Record<
          string,
          boolean
        >
      )[text] ?? text
    );
  if (type === "number" && /^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  return text;
}
