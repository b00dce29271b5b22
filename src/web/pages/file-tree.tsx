/** The directories of a folder as a tree beside the list; each is asked for when it is opened. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { ListEntry } from "../../shared/api-list.ts";
import { collectAt } from "../api/client.ts";
import { href } from "../route.ts";
import { Name } from "../ui/basics.tsx";
import { FolderName } from "../ui/folder-name.tsx";
import { Icon } from "../ui/icon.tsx";
import { useData } from "../ui/use-data.ts";
import { usePeerReturn } from "../ui/use-when.ts";

/** Directories shown of one; the list has all of them. */
const SHOWN_MAX = 200;

interface TreeProps {
  readonly where: string;
  readonly peer: string | undefined;
  readonly folder: string;
  /** Where the list is. */
  readonly current: string;
}

export function FileTree(props: TreeProps): JSX.Element {
  const { where, folder, current } = props;
  return (
    <nav class="tree" aria-label="Directories">
      <ul>
        <li>
          <a href={href("files", where, folder)} aria-current={current === "" ? "page" : undefined}>
            <Icon name="folder" />
            <FolderName id={folder} />
          </a>
          <Below {...props} path="" />
        </li>
      </ul>
    </nav>
  );
}

function Below(props: TreeProps & { readonly path: string }): JSX.Element | null {
  const { peer, folder, path } = props;
  const { value, reload } = useData(
    async (signal) => {
      const input = { folder, path, offset: 0, limit: SHOWN_MAX, sort: "natural" as const, directoriesFirst: true };
      const lines = await collectAt(peer, "list", input, signal);
      return lines.filter((line): line is ListEntry => line.type === "directory");
    },
    [peer, folder, path].join("\0"),
    { live: peer === undefined, restMs: 2000 },
  );
  usePeerReturn(peer, reload);
  if (value === undefined || value.length === 0) return null;
  return (
    <ul>
      {value.map((entry) => (
        <Branch {...props} path={entry.path} key={entry.path} />
      ))}
    </ul>
  );
}

function Branch(props: TreeProps & { readonly path: string }): JSX.Element {
  const { where, folder, path, current } = props;
  const isAbove = current === path || current.startsWith(`${path}/`);
  const isOpen = useSignal(isAbove);
  // Wherever the list goes, the tree opens up.
  useEffect(() => {
    if (isAbove) isOpen.value = true;
  }, [isAbove]);
  const name = path.slice(path.lastIndexOf("/") + 1);
  return (
    <li>
      <div class="branch">
        <button
          type="button"
          class="plain"
          aria-expanded={isOpen.value}
          aria-label={`Directories in ${name}`}
          onClick={() => (isOpen.value = !isOpen.value)}
        >
          <span aria-hidden="true">{isOpen.value ? "▾" : "▸"}</span>
        </button>
        <a href={href("files", where, folder, ...path.split("/"))} aria-current={current === path ? "page" : undefined}>
          <Name>{name}</Name>
        </a>
      </div>
      {isOpen.value ? <Below {...props} /> : null}
    </li>
  );
}
