/** A real browser for the dashboard's tests: one that is installed, or that this machine's package manager installs. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { type Browser, chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge"];
const PLACES = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe",
];
const INSTALL_MS = 240_000;
/** A browser that stays at home: no updates, no look-ups, nothing but the page. */
const ARGUMENTS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The browser's program; undefined when there is none and none can be installed. */
function findBrowser(): string | undefined {
  const given = process.env["SYNCLINE_BROWSER"];
  if (given !== undefined && existsSync(given)) return given;
  const paths = (process.env["PATH"] ?? "").split(delimiter);
  const named = NAMES.flatMap((name) => paths.map((path) => join(path, name)));
  return [...named, ...PLACES].find((path) => existsSync(path));
}

/** Debian and its kin, as root. */
function installBrowser(): void {
  if (process.geteuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return;
  console.log("installing chromium, for the dashboard's tests (once)");
  const options = {
    stdio: "ignore",
    timeout: INSTALL_MS,
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  } as const;
  spawnSync("apt-get", ["update"], options);
  spawnSync("apt-get", ["install", "-y", "--no-install-recommends", "chromium"], options);
}

/** Starts the browser; undefined where there is none, with the reason in {@link NO_BROWSER}. */
export async function openBrowser(): Promise<Browser | undefined> {
  if (findBrowser() === undefined) installBrowser();
  const executablePath = findBrowser();
  if (executablePath === undefined) return undefined;
  const isRoot = process.geteuid?.() === 0;
  return await chromium.launch({ executablePath, args: isRoot ? [...ARGUMENTS, "--no-sandbox"] : ARGUMENTS });
}

export const NO_BROWSER = "no browser: install Chromium or Chrome, or name one in SYNCLINE_BROWSER";
