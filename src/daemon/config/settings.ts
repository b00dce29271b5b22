/** What `config get` and `config set` do, with a daemon or without. */
import type { Setting } from "../../shared/api-settings.ts";
import type { ConfigDraft } from "../../shared/config-schema.ts";
import { SETTING_KEYS, SETTINGS, type SettingKey } from "../../shared/config-settings.ts";
import { suggestion } from "../../shared/did-you-mean.ts";
import { SyncError } from "../../shared/errors.ts";
import { parseHostPort } from "../../shared/host-port.ts";
import type { ConfigStore } from "./config-store.ts";

/** One setting, or all. Throws E_KEY_NOT_FOUND with a near miss. */
export function listSettings(store: ConfigStore, key: string | undefined): Setting[] {
  const keys = key === undefined ? SETTING_KEYS : [settingKey(key)];
  return keys.map((name) => ({
    key: name,
    value: store.get()[name],
    default: SETTINGS[name].default,
    source: store.source(name),
    description: SETTINGS[name].description,
  }));
}

/** Changes settings, all or none; null takes the default again. Returns those whose value is another now. */
export async function changeSettings(
  store: ConfigStore,
  settings: Readonly<Record<string, unknown>>,
): Promise<SettingKey[]> {
  const keys = Object.keys(settings).map(settingKey);
  const before = store.get();
  await store.update((draft) => applySettings(draft, settings));
  return keys.filter((key) => before[key] !== store.get()[key]);
}

/** Puts settings into a draft. Port 0 keeps a port that was picked for the same host before. */
export function applySettings(draft: ConfigDraft, settings: Readonly<Record<string, unknown>>): void {
  for (const [key, value] of Object.entries(settings)) {
    const before = draft[key as SettingKey];
    if (value === null) delete draft[key as SettingKey];
    else if (!isPickedAlready(before, value)) Object.assign(draft, { [key]: value });
  }
}

function isPickedAlready(before: unknown, value: unknown): boolean {
  if (typeof before !== "string" || typeof value !== "string") return false;
  const [stored, wanted] = [parseHostPort(before), parseHostPort(value)];
  return wanted?.port === 0 && stored !== undefined && stored.host === wanted.host;
}

function settingKey(text: string): SettingKey {
  const key = SETTING_KEYS.find((known) => known === text);
  if (key !== undefined) return key;
  const guess = suggestion(text, SETTING_KEYS);
  const hint = guess === undefined ? undefined : { hint: `${guess} See \`syncline config get\`` };
  throw new SyncError("E_KEY_NOT_FOUND", `there is no setting "${text}"`, hint);
}
