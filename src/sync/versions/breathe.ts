/** Lets everything else on this thread have its turn: long walks through the index call it between pages. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
