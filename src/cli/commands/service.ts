/** `syncline service …`: has the machine start the daemon at login, or at boot, and again when it fails. */
import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { EXIT, SyncError } from "../../shared/errors.ts";
import { printable } from "../../shared/printable.ts";
import type { CommandHandler } from "../command-rows/command-row.ts";
import { carryOut, type RunProgram, runProgram } from "../service/carry-out.ts";
import { serviceSpec } from "../service/service-spec.ts";
import { type Service, type Step, serviceOf } from "../service/service-steps.ts";
import type { Session } from "../session.ts";

const STOP_MS = 20_000;

export const serviceInstall: CommandHandler = async (session) => {
  const service = serviceFor(session);
  if (session.globals.dryRun) {
    showSteps(session, service, service.install);
    return;
  }
  await requireManager(service, runProgram, session.signal);
  // Two daemons cannot have one home: the one in the background gives way.
  const { stopDaemon } = await import("../start-daemon.ts");
  const ask = async (): Promise<void> => void (await session.call("shutdown", {}));
  const stopped = await stopDaemon(session.paths, ask, AbortSignal.any([session.signal, AbortSignal.timeout(STOP_MS)]));
  await carryOut(service.install, runProgram, session.signal);
  const atBoot = await startsAtBoot(service, session.signal);
  if (session.globals.json) {
    session.json({ ...described(service), installed: true, running: true, atBoot });
    return;
  }
  session.say(`${session.style("green", "✓")} installed and started: ${printable(service.name)} (${service.kind})`);
  if (stopped !== undefined) session.say("  the daemon that ran in the background was stopped for it");
  if (!atBoot && service.kind === "systemd")
    session.say("  it starts when you log in; to start it at boot: loginctl enable-linger");
  session.say("  next: syncline service status");
};

export const serviceUninstall: CommandHandler = async (session) => {
  const service = serviceFor(session);
  if (session.globals.dryRun) {
    showSteps(session, service, service.uninstall);
    return;
  }
  const isInstalled = existsSync(service.file);
  if (isInstalled) await carryOut(service.uninstall, runProgram, session.signal);
  if (session.globals.json) session.json({ ...described(service), removed: isInstalled });
  else
    session.say(
      isInstalled ? `${session.style("green", "✓")} removed: ${printable(service.name)}` : "no service is installed",
    );
};

export const serviceStatus: CommandHandler = async (session) => {
  const service = serviceFor(session);
  const installed = existsSync(service.file);
  const running = installed && (await runProgram(service.asksRunning, session.signal)).exit === EXIT.done;
  const atBoot = installed && (await startsAtBoot(service, session.signal));
  if (session.globals.json) session.json({ ...described(service), installed, running, atBoot });
  else if (!installed) session.print("no service is installed\n  next: syncline service install");
  else {
    const state = running ? "runs" : "does not run";
    const when = atBoot ? "at boot" : "when you log in";
    session.print(`${printable(service.name)} is installed (${service.kind}), starts ${when}, and ${state}`);
    if (!running) session.print("  next: syncline logs, then syncline service install");
  }
};

function serviceFor({ globals, paths, io }: Session): Service {
  const isOwnHome = globals.home !== undefined || (io.env["SYNCLINE_HOME"] ?? "") !== "";
  const spec = serviceSpec({
    home: isOwnHome ? paths.stateDir : undefined,
    program: programOf(io.platform),
    env: io.env,
  });
  return serviceOf(spec, {
    platform: io.platform,
    userHome: io.userHome,
    uid: io.uid ?? 0,
    userName: userInfo().username,
    env: io.env,
  });
}

/** The launcher; on Windows, where it is a script that shows a window, Node itself. */
function programOf(platform: string): readonly [string, ...string[]] {
  if (platform !== "win32") return [fileURLToPath(new URL("../../../bin/syncline", import.meta.url))];
  return [
    process.execPath,
    fileURLToPath(new URL(`../main${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url)),
  ];
}

/** Without a manager that answers nothing is touched. */
async function requireManager(service: Service, run: RunProgram, signal: AbortSignal): Promise<void> {
  if (service.kind !== "systemd") return;
  const { exit, output } = await run(["systemctl", "--user", "show-environment"], signal);
  if (exit === EXIT.done) return;
  const hasSystemd = existsSync("/run/systemd/system");
  throw new SyncError(
    "E_NO_SERVICE_MANAGER",
    hasSystemd
      ? `your systemd user manager does not answer: ${output.trim().split("\n").at(-1) ?? ""}`
      : "this machine is not run by systemd",
    hasSystemd
      ? { hint: "log in as this user itself (not by su or sudo), or run: loginctl enable-linger; then try again" }
      : {},
  );
}

async function startsAtBoot({ kind }: Service, signal: AbortSignal): Promise<boolean> {
  if (kind !== "systemd") return false;
  const { output } = await runProgram(
    ["loginctl", "show-user", userInfo().username, "--property=Linger", "--value"],
    signal,
  );
  return output.trim() === "yes";
}

function described({ kind, name, file }: Service): {
  readonly kind: string;
  readonly name: string;
  readonly file: string;
} {
  return { kind, name, file };
}

function showSteps(session: Session, service: Service, steps: readonly Step[]): void {
  if (session.globals.json) {
    session.json({ ...described(service), steps });
    return;
  }
  for (const step of steps) {
    if (step.type === "run") session.print(printable(`would run: ${step.command.join(" ")}`));
    else if (step.type === "remove") session.print(printable(`would remove: ${step.path}`));
    else session.print(`${printable(`would write: ${step.path}`)}\n\n${step.text}`);
  }
}
