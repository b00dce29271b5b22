import { spawn } from "node:child_process";
import { pathToFileURL } from "node:url";
import { isSet } from "../arguments.ts";
import type { CommandHandler } from "../command-rows/command-row.ts";
import type { Session } from "../session.ts";

/** A program that opens pages has taken this one by then, or failed. */
const OPENER_MS = 3000;

interface Opener {
  readonly command: string;
  readonly args: readonly string[];
}

/**
 * Opens the dashboard, signed in. The browser is sent to a page in the home
 * that only its owner can read, and from there by a link that works once: so
 * the link is in no list of processes, no log and no shell history.
 */
export const open: CommandHandler = async (session, _args, options) => {
  if (isSet(options, "print")) {
    const { link, url, expires, fingerprint } = await session.call("dashboardKey", {});
    if (session.globals.json) session.json({ url, link, page: null, opened: false, expires, fingerprint });
    else session.print(link ?? url);
    noteFingerprint(session, fingerprint);
    return undefined;
  }
  const { url, page, expires, fingerprint } = await session.call("dashboardKey", { page: true });
  const opened = page !== null && (await openInBrowser(session, page));
  if (session.globals.json) session.json({ url, link: null, page, opened, expires, fingerprint });
  else if (opened) session.say(`${session.style("green", "✓")} opened ${url}`);
  else if (page !== null) {
    session.say("No browser could be started here. Within a minute, open this page in one:");
    session.print(pathToFileURL(page).href);
    session.note("  or: syncline open --print");
  }
  noteFingerprint(session, fingerprint);
  return undefined;
};

/** The certificate vouches for itself: the browser asks, and this is what to compare. */
function noteFingerprint(session: Session, fingerprint: string | null): void {
  if (fingerprint !== null && !session.globals.json)
    session.note(`  the certificate that the browser asks about has the SHA-256 fingerprint\n  ${fingerprint}`);
}

async function openInBrowser({ io }: Session, page: string): Promise<boolean> {
  for (const opener of openers(io.platform, io.env, page)) if (await runs(opener, io.env)) return true;
  return false;
}

/** What opens a page here, best first. None where there is no screen to show it. */
function openers(platform: string, env: Readonly<Record<string, string | undefined>>, page: string): readonly Opener[] {
  const chosen = env["BROWSER"];
  const own = chosen === undefined || chosen === "" ? [] : [{ command: chosen, args: [page] }];
  if (platform === "darwin") return [...own, { command: "open", args: [page] }];
  if (platform === "win32") return [...own, { command: "explorer.exe", args: [page] }];
  const hasScreen = (env["DISPLAY"] ?? env["WAYLAND_DISPLAY"] ?? "") !== "";
  const desktop = [
    { command: "xdg-open", args: [page] },
    { command: "gio", args: ["open", page] },
  ];
  return hasScreen ? [...own, ...desktop] : own;
}

/** Whether it was started and did not fail; one that goes on running has not. */
async function runs({ command, args }: Opener, env: Readonly<Record<string, string | undefined>>): Promise<boolean> {
  const child = spawn(command, args, { stdio: "ignore", detached: true, env });
  const result = Promise.withResolvers<boolean>();
  child.on("error", () => result.resolve(false));
  child.on("exit", (code) => result.resolve(code === 0 || command === "explorer.exe"));
  const timer = setTimeout(() => result.resolve(true), OPENER_MS);
  try {
    return await result.promise;
  } finally {
    clearTimeout(timer);
    child.unref();
  }
}
