/**
 * What config.json may hold: the settings of config-settings.ts, the folders
 * and the peers. The one owner of all three.
 */
import { z } from "zod";
import { LOG_LEVELS, SETTING_KEYS, type SettingKey, settingRow } from "./config-settings.ts";
import { parseHostPort } from "./host-port.ts";
import { type DeviceId, FOLDER_ID, type FolderId, parseDeviceId } from "./ids.ts";
import type { Switch } from "./messages.ts";

export const CONFIG_VERSION = 1;

const NAME_FAULT = "must have 1 to 64 characters, none of them a control character";
const name = z
  .string()
  .refine((text) => text.trim() === text && text.length >= 1 && text.length <= 64 && !/\p{Cc}/u.test(text), NAME_FAULT);
const address = z
  .string()
  .refine((text) => parseHostPort(text) !== undefined, "must be HOST:PORT, such as *:4777 or 192.168.1.5:4777");
const rights = z.enum(["read", "write"]);

const folder = z.strictObject({
  label: z.string().min(1).max(255),
  path: z
    .string()
    .refine((text) => /^(\/|[A-Za-z]:[\\/]|\\\\)/.test(text) && !text.includes("\0"), "must be an absolute path"),
  mode: z.enum(["two-way", "send-only", "receive-only"]).default("two-way"),
  paused: z.boolean().default(false),
  /** Patterns of this device alone; `.synclineignore` syncs. */
  ignore: z.array(z.string().max(1024)).max(1000).default([]),
  /** What this device asks for when it fetches: changed regions instead of whole chunks, and compressed answers. */
  delta: z.enum(["auto", "on", "off"]).default("auto"),
  compression: z.enum(["auto", "on", "off"]).default("auto"),
  peers: z.record(z.string(), z.strictObject({ rights: rights.default("write") })).default({}),
});

const peer = z.strictObject({
  name,
  role: z.enum(["admin", "user"]).default("user"),
  paused: z.boolean().default(false),
  addresses: z.array(address).max(16).default([]),
  /** The three words of the pairing; absent when added by id. */
  words: z.array(z.string().max(32)).length(3).nullable().default(null),
});

/** One setting's type, from its row. */
function settingSchema(key: SettingKey): z.ZodType {
  const row = settingRow(key);
  switch (row.type) {
    case "name":
      return name.nullable();
    case "address":
      return address;
    case "address-or-off":
      return z
        .string()
        .refine((text) => text === "off" || parseHostPort(text) !== undefined, "must be HOST:PORT, or off");
    case "boolean":
      return z.boolean();
    case "level":
      return z.enum(LOG_LEVELS);
    case "number":
      return z
        .number()
        .int()
        .min(row.min ?? 0)
        .max(row.max ?? Number.MAX_SAFE_INTEGER);
  }
}

export const SETTING_SCHEMAS: Readonly<Record<SettingKey, z.ZodType>> = Object.fromEntries(
  SETTING_KEYS.map((key) => [key, settingSchema(key)]),
) as Record<SettingKey, z.ZodType>;

const settings = Object.fromEntries(SETTING_KEYS.map((key) => [key, SETTING_SCHEMAS[key].optional()]));

/** The file. A setting that is not there has its default. */
export const CONFIG_SCHEMA: z.ZodType = z
  .strictObject({
    version: z.literal(CONFIG_VERSION).default(CONFIG_VERSION),
    ...settings,
    folders: z
      .record(z.string().regex(FOLDER_ID, "is not a folder id: use 1 to 64 of a-z, 0-9 and -"), folder)
      .default({}),
    peers: z
      .record(z.string().refine(isDeviceId, "is not a device id; copy it from `syncline status` on that device"), peer)
      .default({}),
  })
  .check(({ value, issues }) => {
    for (const [id, { peers }] of Object.entries(value.folders)) {
      for (const device of Object.keys(peers)) {
        if (Object.hasOwn(value.peers, device)) continue;
        issues.push({
          code: "custom",
          input: device,
          path: ["folders", id, "peers", device],
          message: "is not the id of a device in `peers`",
        });
      }
    }
  });

function isDeviceId(text: string): boolean {
  try {
    return parseDeviceId(text) === text;
  } catch {
    return false;
  }
}

export interface FolderConfig {
  readonly label: string;
  readonly path: string;
  readonly mode: "two-way" | "send-only" | "receive-only";
  readonly paused: boolean;
  readonly ignore: readonly string[];
  readonly delta: Switch;
  readonly compression: Switch;
  readonly peers: Readonly<Record<DeviceId, { readonly rights: "read" | "write" }>>;
}

export interface PeerConfig {
  readonly name: string;
  readonly role: "admin" | "user";
  readonly paused: boolean;
  readonly addresses: readonly string[];
  readonly words: readonly string[] | null;
}

interface SettingValues {
  readonly name: string | null;
  readonly listen: string;
  readonly dashboard: string;
  readonly discovery: boolean;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  readonly rescanMinutes: number;
  readonly keepDays: number;
}

interface Members {
  readonly version: 1;
  readonly folders: Readonly<Record<FolderId, FolderConfig>>;
  readonly peers: Readonly<Record<DeviceId, PeerConfig>>;
}

/** What the file says, checked; folders and peers with their defaults. */
export type ConfigFile = Members & { readonly [K in SettingKey]?: SettingValues[K] | undefined };
/** What counts: file, environment and defaults together. */
export type Config = Members & { readonly [K in SettingKey]: K extends "name" ? string : SettingValues[K] };

type Mutable<T> = T extends readonly (infer E)[]
  ? Mutable<E>[]
  : T extends object
    ? { -readonly [K in keyof T]: Mutable<T[K]> }
    : T;
/** A copy of the file that a change is made to. */
export type ConfigDraft = Mutable<ConfigFile>;
