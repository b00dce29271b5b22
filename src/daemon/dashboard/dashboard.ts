/**
 * The dashboard of a node: serves it at the configured address, follows a
 * change of it, and makes links that sign in.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { RouteOutput, RouteRequest } from "../../shared/api.ts";
import type { Config } from "../../shared/config-schema.ts";
import { SETTINGS } from "../../shared/config-settings.ts";
import { SyncError } from "../../shared/errors.ts";
import { formatHostPort, type HostPort, isLoopback, parseHostPort } from "../../shared/host-port.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { Clock, Log, Random } from "../../shared/ports.ts";
import type { NodeService } from "../api/node-service.ts";
import type { PeerAsker } from "../api/peer-commands.ts";
import type { NodeContext } from "../node-context.ts";
import { Seldom } from "../seldom.ts";
import type { Users } from "../users/users.ts";
import { writeFileAtomically } from "../write-file.ts";
import type { UploadBatchDeps } from "./batches/upload-batch.ts";
import { UploadBatches } from "./batches/upload-batches.ts";
import type { ContentSource } from "./content-port.ts";
import { DashboardServer } from "./dashboard-server.ts";
import type { HandlerOptions } from "./handle-request.ts";
import { LoginKeys } from "./login-keys.ts";
import { PageFiles } from "./page-files.ts";
import { Tickets } from "./tickets.ts";
import { openCertificate } from "./tls-certificate.ts";

/** How many ports after the default one are tried when it is taken. */
const PORTS_TRIED = 50;
/** In a checkout below src, in a package beside what was emitted. */
const PAGE = fileURLToPath(new URL("../../../dist/page", import.meta.url));

export interface DashboardOptions {
  readonly context: NodeContext;
  readonly device: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly users: Users;
  readonly onRefused: HandlerOptions["onRefused"];
}

export class Dashboard implements AsyncDisposable {
  readonly #options: DashboardOptions;
  readonly #keys: LoginKeys;
  readonly #refusals: Seldom;
  readonly #pageFile: string;
  readonly #stop = new AbortController();
  #batches: UploadBatches | undefined;
  #server: DashboardServer | undefined;
  #handler: HandlerOptions | undefined;

  constructor(options: DashboardOptions) {
    this.#options = options;
    this.#keys = new LoginKeys(options.clock, options.random);
    this.#refusals = new Seldom(options.clock);
    this.#pageFile = join(options.context.paths.stateDir, "open.html");
  }

  /** Where it is served; null when it is off. */
  get url(): string | null {
    return this.#server?.url ?? null;
  }

  /** SHA-256 of the certificate that browsers are shown; null where it is plain HTTP on loopback, or off. */
  get fingerprint(): string | null {
    return this.#server?.fingerprint ?? null;
  }

  /** Refuses a value for the setting that would let other machines in while nobody has a password. Throws E_DASHBOARD_OPEN. */
  assertSafe(value: unknown): void {
    const wanted = typeof value === "string" ? parseHostPort(value) : undefined;
    if (wanted !== undefined) this.#assertSafe(wanted);
  }

  #assertSafe({ host, port }: HostPort): void {
    if (isLoopback(host) || this.#options.users.accounts.all.some(({ role }) => role === "admin")) return;
    const address = formatHostPort({ host, port });
    throw new SyncError(
      "E_DASHBOARD_OPEN",
      `the dashboard cannot be served at ${address}, which other machines reach: no admin has a password here`,
    );
  }

  /** Serves what `service` answers. A default port that is taken gives way to the next free one, which is kept. */
  async start(
    service: NodeService,
    peers: PeerAsker,
    { content, upload }: { readonly content: ContentSource; readonly upload: UploadBatchDeps["upload"] },
  ): Promise<void> {
    const { context, clock, random, log, device, users } = this.#options;
    await rm(this.#pageFile, { force: true });
    this.#batches = new UploadBatches({
      ...{ clock, random, log, deviceName: () => context.config.get().name },
      directory: join(context.paths.stateDir, "uploads"),
      upload,
    });
    await this.#batches.start();
    this.#handler = {
      service,
      peers,
      log,
      checkOutput: false,
      device: { id: device, name: () => context.config.get().name },
      version: context.version,
      cookieName: `syncline-${device.replaceAll("-", "").slice(0, 8).toLowerCase()}`,
      users,
      keys: this.#keys,
      page: await PageFiles.open(PAGE),
      content: { source: content, tickets: new Tickets(clock, random) },
      batches: this.#batches,
      onRefused: (what) => {
        // Any page that a browser has open here can be refused as often as it likes.
        if (this.#refusals.isDue(JSON.stringify([what["reason"], what["user"], what["route"]])))
          this.#options.onRefused(what);
      },
    };
    if (!this.#handler.page.isBuilt) log.warn("The dashboard's page is not built; run `npm run build:web`");
    await this.#listen(addressOf(context.config.get()));
  }

  /** Follows a change of `dashboard` in a running daemon. When the new address does not work, the one before counts on. */
  async apply(config: Config): Promise<void> {
    const wanted = addressOf(config);
    const here = this.#server?.address;
    if (wanted?.host === here?.host && wanted?.port === here?.port) return;
    await this.#listen(wanted);
    this.#options.log.info("The dashboard's address changed", { dashboard: this.url ?? "off" });
  }

  /** Makes a link that signs in once, or a page in the home that leads to it. */
  async key({ page }: RouteRequest<"dashboardKey">): Promise<RouteOutput<"dashboardKey">> {
    const url = this.url;
    if (url === null) throw new SyncError("E_DASHBOARD_OFF", "the dashboard is switched off");
    const { fingerprint } = this;
    const { clock } = this.#options;
    const lifeMs = page ? LIMITS.dashboardPageKeyMs.value : LIMITS.dashboardKeyMs.value;
    const expires = new Date(clock.now() + lifeMs).toISOString();
    if (!page) return { url, link: `${url}/#k=${this.#keys.make(lifeMs, () => {})}`, page: null, expires, fingerprint };
    const gone = new AbortController();
    const key = this.#keys.make(lifeMs, () => gone.abort());
    await writeFileAtomically(this.#pageFile, openPage(`${url}/#k=${key}`));
    void this.#removePage(lifeMs, AbortSignal.any([gone.signal, this.#stop.signal]));
    return { url, link: null, page: this.#pageFile, expires, fingerprint };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#server?.[Symbol.asyncDispose]();
    await this.#batches?.[Symbol.asyncDispose]();
    this.#keys.clear();
    await rm(this.#pageFile, { force: true });
  }

  /** The page goes when its key is used or over. */
  async #removePage(lifeMs: number, signal: AbortSignal): Promise<void> {
    await this.#options.clock.sleep(lifeMs, signal).catch(() => undefined);
    this.#keys.sweep();
    await rm(this.#pageFile, { force: true }).catch(() => undefined);
  }

  async #listen(wanted: HostPort | undefined): Promise<void> {
    const { config } = this.#options.context;
    const handler = this.#handler;
    if (handler === undefined) return;
    const before = this.#server;
    if (wanted === undefined) this.#server = undefined;
    else this.#server = await this.#startAtFreePort(wanted, handler, config.source("dashboard") === "default");
    await before?.[Symbol.asyncDispose]();
    const port = this.#server?.address.port;
    if (wanted === undefined || port === undefined || port === wanted.port) return;
    await config.update((draft) => {
      draft.dashboard = formatHostPort({ host: wanted.host, port });
    });
  }

  async #startAtFreePort(wanted: HostPort, handler: HandlerOptions, isDefault: boolean): Promise<DashboardServer> {
    const { context, clock } = this.#options;
    this.#assertSafe(wanted);
    const certificate = isLoopback(wanted.host)
      ? undefined
      : await openCertificate(context.paths.stateDir, clock.now());
    for (let port = wanted.port; ; port++) {
      try {
        const server = await DashboardServer.start({ ...wanted, port }, handler, certificate);
        if (port !== wanted.port)
          this.#options.log.warn("The dashboard's default port is taken; another one is used from now on", { port });
        return server;
      } catch (error) {
        const isTaken = error instanceof SyncError && error.code === "E_PORT_TAKEN";
        if (!isDefault || !isTaken || port >= wanted.port + PORTS_TRIED) throw error;
      }
    }
  }
}

function addressOf({ dashboard }: Config): HostPort | undefined {
  return dashboard === "off" ? undefined : (parseHostPort(dashboard) ?? parseHostPort(SETTINGS.dashboard.default));
}

/** Leads a browser to the link, so that the link is in no command line. The link is made of safe characters only. */
function openPage(link: string): string {
  return [
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Syncline</title>',
    '<meta name="referrer" content="no-referrer">',
    `<meta http-equiv="refresh" content="0;url=${link}">`,
    `<p><a href="${link}">Open the dashboard</a></p></html>`,
    "",
  ].join("\n");
}
