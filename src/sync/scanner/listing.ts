import type { EntryType } from "../fs/filesystem.ts";

/**
 * The names in one directory, taken out as rows claim them.
 *
 * Some file systems change the Unicode form of names; there, names meet in
 * their composed form, which is also the one a new name gets.
 */
export class Listing {
  readonly #isNameExact: boolean;
  readonly #types = new Map<string, EntryType>();

  constructor(isNameExact: boolean) {
    this.#isNameExact = isNameExact;
  }

  add(name: string, type: EntryType): void {
    this.#types.set(this.#key(name), type);
  }

  typeOf(name: string): EntryType | undefined {
    return this.#types.get(this.#key(name));
  }

  take(name: string): void {
    this.#types.delete(this.#key(name));
  }

  /** What was not taken. */
  rest(): Iterable<readonly [name: string, type: EntryType]> {
    return this.#types;
  }

  #key(name: string): string {
    return this.#isNameExact ? name : name.normalize("NFC");
  }
}
