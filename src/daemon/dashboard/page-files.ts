/**
 * The built page. Only files that are there when the daemon starts are ever
 * served, by their exact name: there is no path to play tricks with.
 */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".webmanifest": "application/manifest+json",
};
const COMPRESSED: ReadonlySet<string> = new Set([".html", ".js", ".css", ".svg", ".webmanifest"]);
/** The names of these hold a hash of their content, so they never change. */
const LASTING = "/assets/";

export interface PageFile {
  readonly type: string;
  readonly isLasting: boolean;
  readonly tag: string;
  readonly plain: Buffer;
  readonly gzip: Buffer | undefined;
  readonly brotli: Buffer | undefined;
}

export class PageFiles {
  readonly #directory: string;
  readonly #names: ReadonlySet<string>;
  readonly #loaded = new Map<string, Promise<PageFile>>();

  private constructor(directory: string, names: ReadonlySet<string>) {
    this.#directory = directory;
    this.#names = names;
  }

  /** Looks what there is; nothing when the page was not built. */
  static async open(directory: string): Promise<PageFiles> {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
    const names = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(directory.length).replaceAll("\\", "/"));
    return new PageFiles(directory, new Set(names));
  }

  get isBuilt(): boolean {
    return this.#names.has("/index.html");
  }

  /** The file at a path as the browser sent it; undefined when there is none of exactly that name. */
  async get(path: string): Promise<PageFile | undefined> {
    const name = path === "/" ? "/index.html" : path;
    if (!this.#names.has(name)) return undefined;
    let file = this.#loaded.get(name);
    if (file === undefined) {
      file = this.#load(name);
      this.#loaded.set(name, file);
      file.catch(() => this.#loaded.delete(name));
    }
    return await file;
  }

  async #load(name: string): Promise<PageFile> {
    const plain = await readFile(join(this.#directory, name));
    const extension = extname(name);
    const isCompressed = COMPRESSED.has(extension);
    return {
      type: TYPES[extension] ?? "application/octet-stream",
      isLasting: name.startsWith(LASTING),
      tag: `"${createHash("sha256").update(plain).digest("base64url").slice(0, 22)}"`,
      plain,
      gzip: isCompressed ? await promisify(gzip)(plain) : undefined,
      brotli: isCompressed
        ? await promisify(brotliCompress)(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } })
        : undefined,
    };
  }
}
