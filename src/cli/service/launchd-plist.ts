/** The launchd agent of macOS. Pure. */
import type { ServiceSpec } from "./service-spec.ts";
import { xmlText } from "./xml-text.ts";

export function launchdLabel({ suffix }: ServiceSpec): string {
  return suffix === "" ? "syncline.daemon" : `syncline.daemon.${suffix}`;
}

/** Starts at login, and again after a failure. What the daemon has to say is in its own log. */
export function launchdPlist(spec: ServiceSpec): string {
  const environment = Object.entries(spec.environment).flatMap(([name, value]) => [
    `    <key>${xmlText(name)}</key>`,
    `    <string>${xmlText(value)}</string>`,
  ]);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    '<plist version="1.0">',
    "<dict>",
    "  <key>Label</key>",
    `  <string>${launchdLabel(spec)}</string>`,
    "  <key>ProgramArguments</key>",
    "  <array>",
    ...spec.command.map((word) => `    <string>${xmlText(word)}</string>`),
    "  </array>",
    ...(environment.length === 0 ? [] : ["  <key>EnvironmentVariables</key>", "  <dict>", ...environment, "  </dict>"]),
    "  <key>RunAtLoad</key>",
    "  <true/>",
    "  <key>KeepAlive</key>",
    "  <dict>",
    "    <key>SuccessfulExit</key>",
    "    <false/>",
    "  </dict>",
    "  <key>ThrottleInterval</key>",
    "  <integer>10</integer>",
    "  <key>ProcessType</key>",
    "  <string>Adaptive</string>",
    "</dict>",
    "</plist>",
    "",
  ].join("\n");
}
