import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { ListEntry } from "../../shared/api.ts";
import { collect } from "../api/client.ts";
import { download } from "../api/download.ts";
import { href } from "../route.ts";
import { bytes } from "../text/format.ts";
import { Ago, Button, Name } from "../ui/basics.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Icon } from "../ui/icon.tsx";
import { FilePreview } from "../ui/preview.tsx";
import { attempt } from "../ui/toasts.tsx";
import { deleteEntry, MoveDialog } from "./file-actions.tsx";

/** All that is known of a file, and what can be done with it. */
export function FileDetails(props: {
  readonly entry: ListEntry;
  readonly folder: string;
  readonly peer: string | undefined;
  readonly onClose: () => void;
  /** It is another one now, or gone. */
  readonly onChange: () => unknown;
}): JSX.Element {
  const { entry, folder, peer, onClose, onChange } = props;
  const isShown = useSignal(false);
  const isMoving = useSignal(false);
  const name = entry.path.split("/").at(-1) ?? entry.path;
  const what = { peer, folder, path: entry.path };
  const canRead = entry.type === "file" && !entry.deleted;
  const remove = async (): Promise<void> => {
    if (!(await deleteEntry(what, entry))) return;
    onClose();
    await onChange();
  };
  const bringBack = async (): Promise<void> => {
    if (!(await attempt(() => collect("trashRestore", { folder, path: entry.path }), `${name} is back`))) return;
    onClose();
    await onChange();
  };
  if (isMoving.value) return <MoveDialog what={what} onDone={onChange} onClose={onClose} />;
  return (
    <Dialog title={name} onClose={onClose}>
      {isShown.value ? <FilePreview what={what} name={name} /> : null}
      <Facts entry={entry} />
      <div class="actions end">
        {canRead && !isShown.value ? (
          <Button icon="search" onPress={() => (isShown.value = true)}>
            Preview
          </Button>
        ) : null}
        {peer === undefined && entry.type === "file" ? (
          <a
            class="button"
            href={`${href("history", "versions")}?${new URLSearchParams({ folder, path: entry.path })}`}
          >
            <Icon name="history" />
            Versions
          </a>
        ) : null}
        {entry.deleted && peer === undefined ? (
          <Button kind="main" icon="undo" onPress={bringBack}>
            Bring back
          </Button>
        ) : null}
        {entry.deleted ? null : (
          <>
            <Button icon="edit" onPress={() => (isMoving.value = true)}>
              Rename or move
            </Button>
            <Button icon="trash" onPress={remove}>
              Delete
            </Button>
          </>
        )}
        {entry.deleted ? null : (
          <Button kind="main" icon="down" onPress={() => attempt(() => download(what))}>
            {entry.type === "directory" ? "Download as an archive" : "Download"}
          </Button>
        )}
        <Button onPress={onClose}>Close</Button>
      </div>
    </Dialog>
  );
}

function Facts({ entry }: { readonly entry: ListEntry }): JSX.Element {
  return (
    <dl class="facts">
      <dt>Path</dt>
      <dd>
        <Name>{entry.path}</Name>
      </dd>
      <dt>Size</dt>
      <dd class="number">
        {bytes(entry.size)} ({entry.size.toLocaleString("en")} bytes)
      </dd>
      <dt>{entry.deleted ? "Deleted" : "Changed"}</dt>
      <dd>
        <Ago time={entry.mtime} /> on <Name>{entry.device}</Name>
      </dd>
      <dt>Owner</dt>
      <dd>
        <Name>{entry.owner}</Name>
      </dd>
      <dt>Mode</dt>
      <dd>
        <code>{entry.mode}</code>
      </dd>
      <dt>SHA-256</dt>
      <dd>
        <code>{entry.hash?.replace("sha256:", "") ?? "not computed yet"}</code>
      </dd>
      <dt>Content id</dt>
      <dd>
        <code>{entry.contentId ?? "none"}</code>
      </dd>
    </dl>
  );
}
