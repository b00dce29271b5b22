/**
 * The systemd user unit. Pure.
 *
 * Hardened as far as a program can be that has to write to any directory its
 * person names, and whose machine code is made at run time: so no
 * ProtectSystem, ProtectHome or PrivateTmp, and no MemoryDenyWriteExecute.
 * What is left needs no namespace, so it also holds where a user manager
 * cannot make one.
 */
import { type ServiceSpec, serviceName } from "./service-spec.ts";

const HARDENING = [
  "NoNewPrivileges=yes",
  "LockPersonality=yes",
  "RestrictRealtime=yes",
  "RestrictSUIDSGID=yes",
  "RestrictNamespaces=yes",
  "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
  "SystemCallArchitectures=native",
  "SystemCallFilter=@system-service",
  "SystemCallErrorNumber=EPERM",
];

export function systemdUnit(spec: ServiceSpec): string {
  const environment = Object.entries(spec.environment).map(
    ([name, value]) => `Environment=${quoted(`${name}=${value}`)}`,
  );
  return [
    "[Unit]",
    "Description=Syncline keeps folders in step between your machines",
    "StartLimitIntervalSec=60",
    "StartLimitBurst=4",
    "",
    "[Service]",
    "Type=exec",
    `ExecStart=${spec.command.map(commandWord).join(" ")}`,
    ...environment,
    "Restart=on-failure",
    "RestartSec=2",
    "TimeoutStopSec=20",
    "",
    "# Hardening",
    ...HARDENING,
    "",
    "[Install]",
    "WantedBy=default.target",
    "",
  ].join("\n");
}

export function systemdUnitName(spec: ServiceSpec): string {
  return `${serviceName(spec)}.service`;
}

/** A value in double quotes, with C escapes, and with `%` that is no specifier. Source: systemd.syntax(7). */
function quoted(text: string): string {
  const escapes: Readonly<Record<string, string>> = { "\n": String.raw`\n`, "\t": String.raw`\t`, "%": "%%" };
  return `"${text.replaceAll(/["\\\n\t%]/g, (character) => escapes[character] ?? `\\${character}`)}"`;
}

/** In a command line `$` would begin a variable, too. */
function commandWord(text: string): string {
  return quoted(text).replaceAll("$", "$$$$");
}
