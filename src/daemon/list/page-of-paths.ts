/** A page of a list whose rows have paths. */
export interface PageOfPathsRequest {
  readonly contains?: string | undefined;
  readonly offset: number;
  readonly limit?: number | undefined;
}

/** Says of row after row whether it is on the page that is asked for, and counts all that match. */
export class PageOfPaths {
  readonly #words: string | undefined;
  readonly #first: number;
  readonly #end: number;
  #total = 0;

  constructor({ contains, offset, limit = Number.POSITIVE_INFINITY }: PageOfPathsRequest) {
    this.#words = contains?.toLowerCase();
    this.#first = offset;
    this.#end = offset + limit;
  }

  /** Of the rows that match, on this page and on others. */
  get total(): number {
    return this.#total;
  }

  /** To be asked once for each row, in the list's order. */
  place(path: string): "here" | "elsewhere" | "no-match" {
    if (this.#words !== undefined && !path.toLowerCase().includes(this.#words)) return "no-match";
    const index = this.#total++;
    return index >= this.#first && index < this.#end ? "here" : "elsewhere";
  }
}
