/**
 * Two instances of syncthing on loopback, without discovery, relays or NAT
 * traversal, told of each other in their configuration.
 */
import type { ChildProcess } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { familyOf } from "./processes.ts";
import { findProgram, freePort, runProgram, startProgram, stopProgram } from "./programs.ts";
import type { Rival, RunningPair } from "./running-pair.ts";

const PROGRAM = findProgram("syncthing");
const KEY = "bench";
const START_MS = 30_000;
/** Ends a process when it is told to, instead of starting another one. */
const ENVIRONMENT = { STNORESTART: "1", STNOUPGRADE: "1" };

export const SYNCTHING: Rival<RunningPair> = {
  name: "syncthing",
  missing: PROGRAM === undefined ? "not installed" : undefined,
  open: (base) => SyncthingPair.open(base, PROGRAM ?? ""),
};

interface Instance {
  readonly home: string;
  readonly folder: string;
  readonly id: string;
  readonly port: number;
  readonly gui: number;
  process: ChildProcess | undefined;
}

class SyncthingPair implements RunningPair {
  readonly name = "syncthing";
  readonly note =
    "1 s watcher delay instead of its default 10 s; told to scan where trees are put in; files are not flushed one by one";
  readonly #program: string;
  readonly #source: Instance;
  readonly #target: Instance;

  constructor(program: string, source: Instance, target: Instance) {
    this.#program = program;
    this.#source = source;
    this.#target = target;
  }

  static async open(base: string, program: string): Promise<SyncthingPair> {
    const directory = join(base, "syncthing");
    mkdirSync(directory);
    const source = await makeInstance(program, directory, "a");
    const target = await makeInstance(program, directory, "b");
    configure(source, target);
    configure(target, source);
    const pair = new SyncthingPair(program, source, target);
    try {
      pair.#start(source);
      pair.#start(target);
      await pair.#waitForBoth();
      return pair;
    } catch (error) {
      await pair[Symbol.asyncDispose]();
      throw error;
    }
  }

  get source(): string {
    return this.#source.folder;
  }

  get target(): string {
    return this.#target.folder;
  }

  async pids(): Promise<{ readonly source: readonly number[]; readonly target: readonly number[] }> {
    const pidsOf = ({ process }: Instance): readonly number[] =>
      process?.pid === undefined ? [] : familyOf(process.pid);
    return { source: pidsOf(this.#source), target: pidsOf(this.#target) };
  }

  async nudge(): Promise<void> {
    await call(this.#source, "POST", "/rest/db/scan?folder=bench");
  }

  async isDone(files: number): Promise<boolean> {
    const [source, target] = await Promise.all([statusOf(this.#source), statusOf(this.#target)]);
    const isIdle = [source, target].every(({ state, localFiles }) => state === "idle" && localFiles === files);
    if (!isIdle || target.needFiles > 0 || target.globalFiles !== files) return false;
    return (await completionAt(this.#source, this.#target.id)) === 100 && (await isConnected(this.#source));
  }

  async stopTarget(): Promise<void> {
    await this.#stop(this.#target);
  }

  async startTarget(): Promise<void> {
    this.#start(this.#target);
    await answers(this.#target);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#stop(this.#source), this.#stop(this.#target)]);
  }

  #start(instance: Instance): void {
    instance.process = startProgram(this.#program, ["serve", "--home", instance.home, "--no-browser"], ENVIRONMENT);
  }

  async #stop(instance: Instance): Promise<void> {
    if (instance.process !== undefined) await stopProgram(instance.process);
    instance.process = undefined;
  }

  async #waitForBoth(): Promise<void> {
    await Promise.all([answers(this.#source), answers(this.#target)]);
    await until(
      async () => (await isConnected(this.#source)) && (await isConnected(this.#target)),
      "its instances did not meet",
    );
  }
}

async function makeInstance(program: string, directory: string, name: string): Promise<Instance> {
  const home = join(directory, `${name}-home`);
  const folder = join(directory, name);
  mkdirSync(folder);
  await runProgram(program, ["generate", "--home", home, "--no-default-folder", "--skip-port-probing"]);
  const id = (await runProgram(program, ["--home", home, "--device-id"])).trim();
  return { home, folder, id, port: await freePort(), gui: await freePort(), process: undefined };
}

function configure(self: Instance, other: Instance): void {
  const device = ({ id, port }: Instance): string =>
    `<device id="${id}" name="${id.slice(0, 7)}" compression="metadata"><address>tcp://127.0.0.1:${port}</address></device>`;
  const xml = `<configuration version="36">
  <folder id="bench" label="bench" path="${self.folder}" type="sendreceive" rescanIntervalS="3600" fsWatcherEnabled="true" fsWatcherDelayS="1">
    <filesystemType>basic</filesystemType>
    <device id="${self.id}"></device><device id="${other.id}"></device>
    <minDiskFree unit="%">0</minDiskFree>
  </folder>
  ${device(self)}${device(other)}
  <gui enabled="true" tls="false"><address>127.0.0.1:${self.gui}</address><apikey>${KEY}</apikey></gui>
  <options>
    <listenAddress>tcp://127.0.0.1:${self.port}</listenAddress>
    <globalAnnounceEnabled>false</globalAnnounceEnabled><localAnnounceEnabled>false</localAnnounceEnabled>
    <relaysEnabled>false</relaysEnabled><natEnabled>false</natEnabled>
    <reconnectionIntervalS>1</reconnectionIntervalS>
    <startBrowser>false</startBrowser><urAccepted>-1</urAccepted><crashReportingEnabled>false</crashReportingEnabled>
    <autoUpgradeIntervalH>0</autoUpgradeIntervalH>
  </options>
</configuration>
`;
  writeFileSync(join(self.home, "config.xml"), xml, { mode: 0o600 });
}

interface FolderState {
  readonly state: string;
  readonly localFiles: number;
  readonly globalFiles: number;
  readonly needFiles: number;
}

async function statusOf(instance: Instance): Promise<FolderState> {
  return (await call(instance, "GET", "/rest/db/status?folder=bench")) as FolderState;
}

async function completionAt(instance: Instance, device: string): Promise<number> {
  const answer = await call(instance, "GET", `/rest/db/completion?folder=bench&device=${device}`);
  return (answer as { completion: number }).completion;
}

async function isConnected(instance: Instance): Promise<boolean> {
  const { connections } = (await call(instance, "GET", "/rest/system/connections")) as {
    connections: Readonly<Record<string, { connected: boolean }>>;
  };
  return Object.values(connections).some(({ connected }) => connected);
}

async function call({ gui }: Instance, method: string, path: string): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${gui}${path}`, { method, headers: { "X-API-Key": KEY } });
  const text = await response.text();
  if (!response.ok) throw new Error(`syncthing answered ${response.status} to ${path}: ${text}`);
  return text === "" ? undefined : JSON.parse(text);
}

async function answers(instance: Instance): Promise<void> {
  const isUp = async (): Promise<boolean> => {
    try {
      await call(instance, "GET", "/rest/system/ping");
      return true;
    } catch {
      // Not listening yet.
      return false;
    }
  };
  await until(isUp, "it did not start");
}

async function until(isSo: () => Promise<boolean>, complaint: string): Promise<void> {
  const ends = performance.now() + START_MS;
  while (!(await isSo())) {
    if (performance.now() > ends) throw new Error(`syncthing: ${complaint} within ${START_MS / 1000} s`);
    await sleep(20);
  }
}
