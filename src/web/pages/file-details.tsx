import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { ListEntry } from "../../shared/api-list.ts";
import { collectAt } from "../api/client.ts";
import { download, type Remote } from "../api/download.ts";
import { bytes } from "../text/format.ts";
import { Ago, Button, Name } from "../ui/basics.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { FilePreview } from "../ui/preview.tsx";
import { attempt } from "../ui/toasts.tsx";
import { deleteEntry, MoveDialog } from "./file-actions.tsx";
import { FileHash, FileVerify } from "./file-proof.tsx";
import { VersionList } from "./version-list.tsx";

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
    const restore = () => collectAt(peer, "trashRestore", { folder, path: entry.path });
    if (!(await attempt(restore, `${name} is back`))) return;
    onClose();
    await onChange();
  };
  if (isMoving.value) return <MoveDialog what={what} onDone={onChange} onClose={onClose} />;
  return (
    <Dialog title={name} onClose={onClose} isDrawer>
      {isShown.value ? <FilePreview what={what} name={name} /> : null}
      <Facts what={what} entry={entry} />
      {canRead ? <FileVerify what={what} /> : null}
      {entry.type === "file" ? (
        <section class="stack tight">
          <h3>Versions</h3>
          <VersionList what={what} onChange={onChange} />
        </section>
      ) : null}
      <div class="actions end">
        {canRead && !isShown.value ? (
          <Button icon="search" onPress={() => (isShown.value = true)}>
            Preview
          </Button>
        ) : null}
        {entry.deleted ? (
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

function Facts({ what, entry }: { readonly what: Remote; readonly entry: ListEntry }): JSX.Element {
  return (
    <dl class="facts">
      <dt>Path</dt>
      <dd>
        <Name>{entry.path}</Name>
      </dd>
      {entry.target === null ? null : (
        <>
          <dt>Leads to</dt>
          <dd>
            <Name>{entry.target}</Name>
          </dd>
        </>
      )}
      {entry.type !== "file" ? null : (
        <>
          <dt>Size</dt>
          <dd class="number">
            {bytes(entry.size)} ({entry.size.toLocaleString("en")} bytes)
          </dd>
        </>
      )}
      {entry.mtime === null ? null : (
        <>
          <dt>{entry.deleted ? "Deleted" : "Changed"}</dt>
          <dd>
            <Ago time={entry.mtime} /> on <Name>{entry.device}</Name>
          </dd>
        </>
      )}
      <dt>Owner</dt>
      <dd>
        <Name>{entry.owner}</Name>
      </dd>
      <dt>Mode</dt>
      <dd>
        <code>{entry.mode}</code>
      </dd>
      {entry.type !== "file" || entry.deleted ? null : (
        <>
          <dt>SHA-256</dt>
          <dd>
            <FileHash what={what} entry={entry} />
          </dd>
        </>
      )}
      {entry.contentId === null ? null : (
        <>
          <dt>Content id</dt>
          <dd>
            <code>{entry.contentId}</code>
          </dd>
        </>
      )}
    </dl>
  );
}
