import { baseName } from "../../shared/ids.ts";
import { winnerOf } from "../core/heads.ts";
import type { EntryType } from "../fs/filesystem.ts";
import type { LocalRow } from "../index/index-port.ts";

/**
 * The names in one directory, taken out as rows claim them.
 *
 * Some file systems change the Unicode form of names; there, names meet in
 * their composed form, which is also the one a new name gets.
 */
export class Listing {
  readonly #types = new Map<string, EntryType>();
  /** How the disk spells each name; undefined where it spells as it was told. */
  readonly #spellings: Map<string, string> | undefined;

  constructor(isNameExact: boolean) {
    this.#spellings = isNameExact ? undefined : new Map();
  }

  add(name: string, type: EntryType): void {
    const key = this.#key(name);
    this.#types.set(key, type);
    this.#spellings?.set(key, name);
  }

  /** The type of what a row finds under its name. */
  typeFor(row: LocalRow): EntryType | undefined {
    const name = baseName(row.path);
    const key = this.#key(name);
    // A row that waits for its content must not take its Unicode twin's for it.
    const isWaiting = row.stamp === null && !winnerOf(row.heads).deleted;
    if (isWaiting && this.#spellings !== undefined && this.#spellings.get(key) !== name) return undefined;
    return this.#types.get(key);
  }

  typeOf(name: string): EntryType | undefined {
    return this.#types.get(this.#key(name));
  }

  /** Takes the name of a row out. */
  take(row: LocalRow): void {
    this.#types.delete(this.#key(baseName(row.path)));
  }

  /** What no row took. */
  rest(): Iterable<readonly [name: string, type: EntryType]> {
    return this.#types;
  }

  #key(name: string): string {
    return this.#spellings === undefined ? name : name.normalize("NFC");
  }
}
