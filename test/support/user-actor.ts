/** What a person and their programs do to a folder while Syncline works in it; done by node:fs or in simulation. */
export interface UserActor {
  /** Truncates and writes the same inode. */
  write(path: string, text: string): void;
  /** Writes a new file and renames it over. */
  save(path: string, text: string): void;
  /** `rm -r`. */
  delete(path: string): void;
  mkdir(path: string): void;
  move(from: string, to: string): void;
  link(from: string, to: string): void;
  symlink(target: string, path: string): void;
  chmod(path: string, perms: number): void;
  /** Holds a file open, to write it later wherever it may be then. */
  open(path: string): OpenFile;
  exists(path: string): boolean;
  read(path: string): string;
  /** The content of every file, the private area included, by path. */
  contents(): Map<string, string>;
}

export interface OpenFile {
  read(): string;
  /** How many names it has. */
  links(): number;
  write(text: string): void;
  close(): void;
}
