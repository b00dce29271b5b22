/** Directory trees as data: `tree(dir, {...})` makes one, `readTree(dir)` reads it back. */
import { chmod, lstat, symlink as makeSymlink, mkdir, readdir, readFile, readlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** A text is a file, an object a directory. */
export interface TreeSpec {
  readonly [name: string]: string | TreeSpec | SymlinkNode | FileNode;
}

export class SymlinkNode {
  readonly target: string;

  constructor(target: string) {
    this.target = target;
  }
}

export class FileNode {
  readonly text: string;
  readonly mode: number;

  constructor(text: string, mode: number) {
    this.text = text;
    this.mode = mode;
  }
}

/** A symlink in a tree. */
export function link(target: string): SymlinkNode {
  return new SymlinkNode(target);
}

/** An executable file in a tree. */
export function executable(text: string): FileNode {
  return new FileNode(text, 0o755);
}

/** Makes a tree below `directory`, which is made when it is missing. What is there already and not named stays. */
export async function tree(directory: string, spec: TreeSpec): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const [name, node] of Object.entries(spec)) {
    const path = join(directory, name);
    if (typeof node === "string") await writeFile(path, node);
    else if (node instanceof SymlinkNode) await makeSymlink(node.target, path);
    else if (node instanceof FileNode) {
      await writeFile(path, node.text);
      await chmod(path, node.mode);
    } else await tree(path, node);
  }
}

/** Reads a tree, without `.syncline` at its top. An executable file comes as {@link FileNode}. */
export async function readTree(directory: string, isTop = true): Promise<TreeSpec> {
  const found: Record<string, TreeSpec[string]> = {};
  for (const name of (await readdir(directory)).sort()) {
    if (isTop && name === ".syncline") continue;
    const path = join(directory, name);
    const stat = await lstat(path);
    if (stat.isSymbolicLink()) found[name] = new SymlinkNode(await readlink(path));
    else if (stat.isDirectory()) found[name] = await readTree(path, false);
    else {
      const text = await readFile(path, "utf8");
      found[name] = (stat.mode & 0o111) === 0 ? text : new FileNode(text, stat.mode & 0o777);
    }
  }
  return found;
}
