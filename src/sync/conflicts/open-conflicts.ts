/**
 * How many conflicts of a folder wait for a person, for those who ask often:
 * a thousand take 20 ms to judge, so it is done again only when records or
 * conflicts have changed.
 */
import type { FolderContext } from "../folder-context.ts";
import { isSettledByItself, sidesOf } from "./conflict-state.ts";

export class OpenConflicts {
  readonly #context: FolderContext;
  #mark = "";
  #count = 0;

  constructor(context: FolderContext) {
    this.#context = context;
  }

  get count(): number {
    const { index, folder } = this.#context;
    const mark = `${index.read.folder(folder)?.sequence} ${index.read.openConflictsMark(folder)}`;
    if (mark !== this.#mark) this.#count = this.#judge();
    this.#mark = mark;
    return this.#count;
  }

  #judge(): number {
    const { index, folder } = this.#context;
    return index.read.conflicts(folder, true).filter((row) => !isSettledByItself(sidesOf(this.#context, row))).length;
  }
}
