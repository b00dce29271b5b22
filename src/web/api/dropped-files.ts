/** Files that a person drops, pastes or picks, directories with everything in them. */
export interface Picked {
  /** With the directories that it was dropped with: `trip/day/a.jpg`. */
  readonly name: string;
  /** Null: a directory with nothing in it. */
  readonly file: File | null;
}

/** What was dropped. Reads the list at once, as it is gone after the event; the directories then. */
export function droppedFiles(data: DataTransfer): Promise<readonly Picked[]> {
  const items = [...data.items].filter(({ kind }) => kind === "file");
  const entries = items.map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  return readAll(entries);
}

/** What an input holds: of a directory each file knows where it was. */
export function pickedFiles(files: Iterable<File>): readonly Picked[] {
  return [...files].map((file) => ({ name: file.webkitRelativePath || file.name, file }));
}

async function readAll(
  dropped: readonly { readonly entry: FileSystemEntry | null; readonly file: File | null }[],
): Promise<readonly Picked[]> {
  const all: Picked[] = [];
  for (const { entry, file } of dropped) {
    if (entry !== null) for await (const picked of below(entry)) all.push(picked);
    else if (file !== null) all.push({ name: file.name, file });
  }
  return all;
}

async function* below(entry: FileSystemEntry): AsyncGenerator<Picked> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    yield { name: nameOf(entry), file };
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (let isEmpty = true; ; isEmpty = false) {
    // A browser gives some at a time, and nothing when it has given all.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) {
      if (isEmpty) yield { name: nameOf(entry), file: null };
      return;
    }
    for (const one of some) yield* below(one);
  }
}

function nameOf(entry: FileSystemEntry): string {
  return entry.fullPath.replace(/^\//, "");
}
