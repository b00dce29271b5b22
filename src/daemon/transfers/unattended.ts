/** Transfers that go on although nobody reads along: asked for by a page that may be closed meanwhile. */
export class Unattended implements AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<void>>();

  /** Ends them when the node does; their rows then say "interrupted". */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Takes over what is left of a transfer. What becomes of it stands in its row. */
  take(lines: AsyncIterator<unknown>): void {
    const work = drain(lines).finally(() => this.#running.delete(work));
    this.#running.add(work);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }
}

async function drain(lines: AsyncIterator<unknown>): Promise<void> {
  try {
    while ((await lines.next()).done !== true);
  } catch {
    // The row says what went wrong.
  }
}
