/** Two instances of a program that keep a folder in step, as the scenarios drive them. */
export interface RunningPair extends AsyncDisposable {
  readonly name: string;
  /** Said under the figures: what was set, or what does not happen. */
  readonly note: string | undefined;
  readonly source: string;
  readonly target: string;
  /** Processes of the source's and the target's instance. */
  pids(): Promise<{ readonly source: readonly number[]; readonly target: readonly number[] }>;
  /** Tells the program that something was put into the source, where it would notice too late by itself. */
  nudge(): Promise<void>;
  /** Whether the target has `files` files and both ends say that nothing is left to do. */
  isDone(files: number): Promise<boolean>;
  stopTarget(): Promise<void>;
  startTarget(): Promise<void>;
}

/** Something that copies a tree once and ends. */
export interface Copier {
  readonly name: string;
  readonly note: string | undefined;
  /** Copies what is in `source` to `target`, which exists and is empty. Returns the milliseconds it took, without setting up. */
  copy(source: string, target: string, signal: AbortSignal): Promise<number>;
}

/** A program beside Syncline. `missing` says why it cannot be measured here. */
export interface Rival<T> {
  readonly name: string;
  readonly missing: string | undefined;
  readonly open: (base: string) => Promise<T>;
}
