/** Decides what installs, removes and looks up a service, as data. Pure: carry-out.ts does it. */
import { launchdLabel, launchdPlist } from "./launchd-plist.ts";
import type { ServiceSpec } from "./service-spec.ts";
import { systemdUnit, systemdUnitName } from "./systemd-unit.ts";
import { windowsTask, windowsTaskName } from "./windows-task.ts";

export type ServiceKind = "systemd" | "launchd" | "windows-task";

export type Step =
  | {
      readonly type: "write";
      readonly path: string;
      readonly text: string;
      readonly encoding: "utf8" | "utf16le";
    }
  | { readonly type: "remove"; readonly path: string }
  /** `mayFail`: as when something is stopped that does not run. */
  | { readonly type: "run"; readonly command: readonly string[]; readonly mayFail: boolean };

export interface Surroundings {
  readonly platform: string;
  readonly userHome: string;
  readonly uid: number;
  readonly userName: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Service {
  readonly kind: ServiceKind;
  readonly name: string;
  /** The file that describes it. */
  readonly file: string;
  readonly install: readonly Step[];
  readonly uninstall: readonly Step[];
  /** Ends with 0 while the service runs. */
  readonly asksRunning: readonly string[];
}

export function serviceOf(spec: ServiceSpec, around: Surroundings): Service {
  if (around.platform === "darwin") return launchdService(spec, around);
  if (around.platform === "win32") return windowsService(spec, around);
  return systemdService(spec, around);
}

function run(...command: readonly string[]): Step {
  return { type: "run", command, mayFail: false };
}

function tryRun(...command: readonly string[]): Step {
  return { type: "run", command, mayFail: true };
}

function systemdService(spec: ServiceSpec, { userHome, env }: Surroundings): Service {
  const configured = env["XDG_CONFIG_HOME"];
  const base = configured?.startsWith("/") === true ? configured : `${userHome}/.config`;
  const name = systemdUnitName(spec);
  const file = `${base}/systemd/user/${name}`;
  const systemctl = (...args: readonly string[]): readonly string[] => ["systemctl", "--user", ...args];
  return {
    kind: "systemd",
    name,
    file,
    install: [
      { type: "write", path: file, text: systemdUnit(spec), encoding: "utf8" },
      run(...systemctl("daemon-reload")),
      run(...systemctl("enable", name)),
      run(...systemctl("restart", name)),
    ],
    uninstall: [
      tryRun(...systemctl("disable", "--now", name)),
      { type: "remove", path: file },
      tryRun(...systemctl("daemon-reload")),
    ],
    asksRunning: systemctl("is-active", "--quiet", name),
  };
}

function launchdService(spec: ServiceSpec, { userHome, uid }: Surroundings): Service {
  const name = launchdLabel(spec);
  const file = `${userHome}/Library/LaunchAgents/${name}.plist`;
  const domain = `gui/${uid}`;
  const unload = tryRun("launchctl", "bootout", `${domain}/${name}`);
  return {
    kind: "launchd",
    name,
    file,
    install: [
      unload,
      { type: "write", path: file, text: launchdPlist(spec), encoding: "utf8" },
      run("launchctl", "bootstrap", domain, file),
    ],
    uninstall: [unload, { type: "remove", path: file }],
    asksRunning: ["launchctl", "print", `${domain}/${name}`],
  };
}

function windowsService(spec: ServiceSpec, { userHome, userName, env }: Surroundings): Service {
  const name = windowsTaskName(spec);
  const base = env["LOCALAPPDATA"] ?? `${userHome}\\AppData\\Local`;
  const file = `${base}\\Syncline\\${name}.xml`;
  return {
    kind: "windows-task",
    name,
    file,
    install: [
      { type: "write", path: file, text: windowsTask(spec, userName), encoding: "utf16le" },
      run("schtasks", "/Create", "/TN", name, "/XML", file, "/F"),
      run("schtasks", "/Run", "/TN", name),
    ],
    uninstall: [
      tryRun("schtasks", "/End", "/TN", name),
      tryRun("schtasks", "/Delete", "/TN", name, "/F"),
      { type: "remove", path: file },
    ],
    asksRunning: [
      "powershell",
      "-NoProfile",
      "-Command",
      `if ((Get-ScheduledTask -TaskName '${name}').State -ne 'Running') { exit 1 }`,
    ],
  };
}
