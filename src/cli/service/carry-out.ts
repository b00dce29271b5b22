/** Does the steps of a service on this machine. */
import { spawn } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { SyncError } from "../../shared/errors.ts";
import type { Step } from "./service-steps.ts";

export interface Ran {
  /** Null: there is no such program. */
  readonly exit: number | null;
  readonly output: string;
}

export type RunProgram = (command: readonly string[], signal: AbortSignal) => Promise<Ran>;

/** Does the steps in order; the first that fails ends it with E_SERVICE_FAILED. */
export async function carryOut(steps: readonly Step[], runProgram: RunProgram, signal: AbortSignal): Promise<void> {
  for (const step of steps) {
    switch (step.type) {
      case "write":
        await writeText(step);
        break;
      case "remove":
        await rm(step.path, { force: true });
        break;
      case "run": {
        const { exit, output } = await runProgram(step.command, signal);
        if (exit !== 0 && !step.mayFail) throw failed(step.command, output);
      }
    }
  }
}

async function writeText({ path, text, encoding }: Extract<Step, { type: "write" }>): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    // Windows takes UTF-16 only with its mark in front.
    await writeFile(path, encoding === "utf16le" ? `\u{feff}${text}` : text, { encoding, mode: 0o644 });
  } catch (cause) {
    throw new SyncError("E_SERVICE_FAILED", `${path} cannot be written: ${(cause as Error).message}`, { cause });
  }
}

function failed(command: readonly string[], output: string): SyncError {
  const said = output.trim().split("\n").at(-1) ?? "";
  return new SyncError("E_SERVICE_FAILED", `\`${command.join(" ")}\` failed${said === "" ? "" : `: ${said}`}`);
}

/** Runs a program and gathers what it says. */
export const runProgram: RunProgram = ([program = "", ...args], signal) => {
  const { promise, resolve, reject } = Promise.withResolvers<Ran>();
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], signal, windowsHide: true });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  child.on("error", (error: NodeJS.ErrnoException) =>
    error.code === "ENOENT" ? resolve({ exit: null, output: "" }) : reject(error),
  );
  child.on("close", (exit) => resolve({ exit: exit ?? 1, output }));
  return promise;
};
