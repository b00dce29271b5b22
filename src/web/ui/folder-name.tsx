/** A folder by the name that people gave it; by its id, which is never the same twice, where that is not enough. */
import type { JSX } from "preact";
import { status } from "../api/live.ts";
import { folderTitle } from "../text/folder-title.ts";
import { Name } from "./basics.tsx";

export function FolderName({ id }: { readonly id: string }): JSX.Element {
  return <Name>{folderTitle(id, status.value?.folders ?? [])}</Name>;
}
