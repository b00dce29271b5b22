import {
  chmodSync,
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { OpenFile, UserActor } from "./user-actor.ts";

/** A user of a real directory. */
export class DiskUser implements UserActor {
  readonly #root: string;
  #temporaries = 0;

  constructor(root: string) {
    this.#root = root;
  }

  write(path: string, text: string): void {
    writeFileSync(this.#at(path), text);
  }

  save(path: string, text: string): void {
    this.#temporaries += 1;
    const temporary = `${path}.tmp${this.#temporaries}`;
    this.write(temporary, text);
    this.move(temporary, path);
  }

  delete(path: string): void {
    rmSync(this.#at(path), { recursive: true });
  }

  mkdir(path: string): void {
    mkdirSync(this.#at(path));
  }

  move(from: string, to: string): void {
    renameSync(this.#at(from), this.#at(to));
  }

  link(from: string, to: string): void {
    linkSync(this.#at(from), this.#at(to));
  }

  symlink(target: string, path: string): void {
    symlinkSync(target, this.#at(path));
  }

  chmod(path: string, perms: number): void {
    chmodSync(this.#at(path), perms);
  }

  open(path: string): OpenFile {
    const fd = openSync(this.#at(path), "r+");
    return {
      read: () => readFileSync(`/proc/self/fd/${fd}`, "utf8"),
      links: () => fstatSync(fd).nlink,
      write: (text) => {
        ftruncateSync(fd);
        writeSync(fd, text, 0);
      },
      close: () => closeSync(fd),
    };
  }

  exists(path: string): boolean {
    return existsSync(this.#at(path)) || lstatSync(this.#at(path), { throwIfNoEntry: false }) !== undefined;
  }

  read(path: string): string {
    return readFileSync(this.#at(path), "utf8");
  }

  contents(): Map<string, string> {
    const found = new Map<string, string>();
    const visit = (directory: string): void => {
      for (const entry of readdirSync(this.#at(directory), { withFileTypes: true })) {
        const path = directory === "" ? entry.name : `${directory}/${entry.name}`;
        if (entry.isDirectory()) visit(path);
        else found.set(path, entry.isSymbolicLink() ? readlinkSync(this.#at(path)) : this.read(path));
      }
    };
    visit("");
    return found;
  }

  #at(path: string): string {
    return join(this.#root, path);
  }
}
