/** One run of a command: its flags, its way to the daemon, and how it speaks. */
import { styleText } from "node:util";
import type { JsonRoute, RouteInput, StreamRoute } from "../shared/api.ts";
import { SyncError } from "../shared/errors.ts";
import type { HomePaths } from "../shared/home-paths.ts";
import { printableLines } from "../shared/printable.ts";
import type { Client, Document } from "./client.ts";
import type { Globals } from "./globals.ts";
import type { Io } from "./io.ts";

type Style = Parameters<typeof styleText>[0];

export interface SessionOptions {
  readonly io: Io;
  readonly globals: Globals;
  readonly paths: HomePaths;
  /** Aborts at Ctrl-C. */
  readonly interrupt: AbortSignal;
  /** Aborts at Ctrl-C and when --timeout is over. */
  readonly signal: AbortSignal;
}

export class Session {
  readonly io: Io;
  readonly globals: Globals;
  readonly paths: HomePaths;
  readonly interrupt: AbortSignal;
  readonly signal: AbortSignal;
  #client: Client | undefined;

  constructor(options: SessionOptions) {
    this.io = options.io;
    this.globals = options.globals;
    this.paths = options.paths;
    this.interrupt = options.interrupt;
    this.signal = options.signal;
  }

  /** Whether a person reads along: tables may be drawn and lines redrawn. */
  get isLive(): boolean {
    return this.io.isTerminal && !this.globals.json && !this.globals.plain && !this.globals.quiet;
  }

  /** Data for a person. Names in it were made printable by who put them there; line ends stay. */
  print(text: string): void {
    if (text !== "") this.io.out(`${text}\n`);
  }

  /** A sentence about success: left out with -q. */
  say(text: string): void {
    if (!this.globals.quiet && !this.globals.json) this.io.out(`${text}\n`);
  }

  /** A message beside the data. */
  note(text: string): void {
    if (!this.globals.quiet && !this.globals.json) this.io.err(`${text}\n`);
  }

  /** A document or a line of a stream, with --json. */
  json(document: object): void {
    this.io.out(`${JSON.stringify({ v: 1, ...document })}\n`);
  }

  /** Text in a style, where styles are seen. */
  style(style: Style, text: string): string {
    const { env } = this.io;
    const isOn =
      this.io.isTerminal &&
      this.globals.color &&
      !this.globals.plain &&
      (env["NO_COLOR"] ?? "") === "" &&
      env["TERM"] !== "dumb";
    return isOn ? styleText(style, text, { validateStream: false }) : text;
  }

  /** `peer`: the paired device that is to answer; without it this node. */
  async call<R extends JsonRoute>(route: R, input: RouteInput<R>, peer?: string): Promise<Document<R>> {
    return (await this.client()).call(route, input, this.signal, peer);
  }

  async *stream<R extends StreamRoute>(
    route: R,
    input: RouteInput<R>,
    { signal = this.signal, peer }: { readonly signal?: AbortSignal; readonly peer?: string | undefined } = {},
  ): AsyncIterable<Document<R>> {
    yield* (await this.client()).stream(route, input, signal, peer);
  }

  /** The way to the daemon. Throws E_NOT_RUNNING. */
  async client(): Promise<Client> {
    const client = await this.tryClient();
    if (client !== undefined) return client;
    throw new SyncError("E_NOT_RUNNING", `no daemon is running in ${this.paths.stateDir}`);
  }

  /** The way to the daemon; undefined when there is no socket. A crashed daemon leaves one: the first call tells. */
  async tryClient(): Promise<Client | undefined> {
    if (this.#client !== undefined) return this.#client;
    const [{ findSocket }, { Client }] = await Promise.all([import("./find-daemon.ts"), import("./client.ts")]);
    const socket = findSocket(this.paths, this.io.uid);
    if (socket === undefined) return undefined;
    this.#client = new Client(socket, this.globals.user);
    return this.#client;
  }

  /** Forgets the way, after the daemon was started or stopped. */
  reconnect(): void {
    this.#client = undefined;
  }

  /** Whether a daemon answers. */
  async isRunning(): Promise<boolean> {
    const client = await this.tryClient();
    if (client === undefined) return false;
    try {
      await client.call("version", {}, this.signal);
      return true;
    } catch (error) {
      if (!(error instanceof SyncError) || error.code !== "E_NOT_RUNNING") throw error;
      this.reconnect();
      return false;
    }
  }

  /** Asks before something that cannot be undone. -y answers; without a terminal it has to. */
  async confirm(question: string): Promise<void> {
    if (this.globals.yes) return;
    if (!this.globals.input || !this.io.isInteractive) {
      throw new SyncError("E_USAGE", `this needs a yes: ${printableLines(question)}`, { hint: "run it again with -y" });
    }
    const answer = await this.io.ask(`${printableLines(question)} [y/N] `);
    if (answer === undefined || !/^y(es)?$/i.test(answer.trim()))
      throw new SyncError("E_INTERRUPTED", "nothing was done");
  }
}
