/** Fetches files of one chunk, many in one request. */
import { toHex } from "../../shared/hex.ts";
import { addWire, NO_WIRE, type WireBytes } from "../../shared/transfer-bytes.ts";
import type { FetchContext, FetchLink, WantedFile } from "./fetch-context.ts";
import { carryOut, type Outcome, type Piece, type Work } from "./work-loop.ts";

export type SmallFetched<F extends WantedFile> =
  | { readonly file: F; readonly type: "bytes"; readonly bytes: Uint8Array }
  | {
      readonly file: F;
      readonly type: "problem";
      readonly code: "E_NO_SOURCE" | "E_BAD_DATA";
      readonly message: string;
    };

/**
 * Fetches the content of `files`, each proven by its content id, from whoever
 * has them. A device that no longer has a version, is lost or sends wrong
 * bytes is passed over for another one. Rejects only on abort.
 */
export async function fetchSmall<F extends WantedFile>(
  context: FetchContext,
  files: readonly F[],
  signal: AbortSignal,
): Promise<{ readonly fetched: readonly SmallFetched<F>[]; readonly wire: WireBytes }> {
  const { clock, log, sources } = context;
  const work = new SmallWork(context, files);
  await carryOut({ clock, log, book: sources.book, links: () => work.links(), linksMs: LINKS_MS }, work, signal);
  return { fetched: work.results(), wire: work.wire };
}

/** Each file of the group is looked up. */
const LINKS_MS = 500;

interface FilesPiece<F> extends Piece {
  readonly files: readonly F[];
}

class SmallWork<F extends WantedFile> implements Work<FilesPiece<F>> {
  readonly #context: FetchContext;
  readonly #waiting: Set<F>;
  readonly #holders = new Map<F, ReadonlySet<FetchLink>>();
  readonly #failed = new Map<F, Set<FetchLink>>();
  /** Who sent wrong bytes of a file. */
  readonly #liars = new Map<F, string>();
  readonly #fetched = new Map<F, Uint8Array>();
  readonly #files: readonly F[];
  wire: WireBytes = NO_WIRE;

  constructor(context: FetchContext, files: readonly F[]) {
    this.#context = context;
    this.#files = files;
    this.#waiting = new Set(files);
  }

  /** Everybody who has some of the files that are still to come. */
  links(): readonly FetchLink[] {
    const all = new Set<FetchLink>();
    for (const file of this.#files) {
      if (this.#fetched.has(file)) continue;
      const holders = new Set(this.#context.sources.holding(file));
      this.#holders.set(file, holders);
      for (const link of holders) all.add(link);
    }
    return [...all];
  }

  results(): readonly SmallFetched<F>[] {
    return this.#files.map((file) => {
      const bytes = this.#fetched.get(file);
      if (bytes !== undefined) return { file, type: "bytes", bytes };
      const liar = this.#liars.get(file);
      if (liar !== undefined) {
        const message = `what ${liar} sent of ${file.path} does not match its hash`;
        return { file, type: "problem", code: "E_BAD_DATA", message };
      }
      const message = this.#failed.has(file)
        ? `no connected device could give ${file.path}; it may have changed there`
        : `no connected device has ${file.path}`;
      return { file, type: "problem", code: "E_NO_SOURCE", message };
    });
  }

  take(link: FetchLink, bytesMax: number): FilesPiece<F> | undefined {
    const files: F[] = [];
    let bytes = 0;
    for (const file of this.#waiting) {
      if (!this.#mayGive(link, file)) continue;
      if (files.length > 0 && bytes + file.size > bytesMax) break;
      files.push(file);
      bytes += file.size;
    }
    for (const file of files) this.#waiting.delete(file);
    return files.length > 0 ? { files, bytes } : undefined;
  }

  mayAsk(link: FetchLink, { files }: FilesPiece<F>): boolean {
    return files.every((file) => this.#mayGive(link, file));
  }

  async ask(link: FetchLink, { files }: FilesPiece<F>, signal: AbortSignal): Promise<Outcome> {
    const requests = files.map(({ path, contentId, size }) => ({ path, contentId, offset: 0, size }));
    const { answer, wire } = await link.fetchChunks(requests, signal, this.#context.options.compression);
    this.wire = addWire(this.wire, wire);
    const good = new Map<F, Uint8Array>();
    let total = 0;
    let isWrong = false;
    for (const [position, file] of files.entries()) {
      const bytes = answer[position];
      if (bytes?.length === file.size && toHex(this.#context.hasher.chunk(bytes)) === file.contentId) {
        good.set(file, bytes);
        total += bytes.length;
        continue;
      }
      this.#exclude(link, file);
      if (bytes === undefined) continue;
      this.#liars.set(file, link.name);
      isWrong = true;
    }
    if (isWrong) this.#context.sources.noteBadAnswer(link);
    // What did not come is asked of others; what came is used in any case.
    return { type: "proven", bytes: total, put: async () => this.#put(files, good) };
  }

  exclude(link: FetchLink, { files }: FilesPiece<F>): void {
    for (const file of files) this.#exclude(link, file);
  }

  giveBack({ files }: FilesPiece<F>): void {
    for (const file of files) if (!this.#fetched.has(file)) this.#waiting.add(file);
  }

  #put(files: readonly F[], good: ReadonlyMap<F, Uint8Array>): void {
    for (const [file, bytes] of good) this.#fetched.set(file, bytes);
    for (const file of files) if (!good.has(file)) this.#waiting.add(file);
  }

  #mayGive(link: FetchLink, file: F): boolean {
    return this.#holders.get(file)?.has(link) === true && this.#failed.get(file)?.has(link) !== true;
  }

  #exclude(link: FetchLink, file: F): void {
    const failed = this.#failed.get(file) ?? new Set<FetchLink>();
    this.#failed.set(file, failed.add(link));
  }
}
