import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { PeerStatus } from "../../shared/api-peers.ts";
import { call } from "../api/client.ts";
import { may, status } from "../api/live.ts";
import { go, href, place } from "../route.ts";
import { plural } from "../text/format.ts";
import { folderTone } from "../text/overview.ts";
import { Button, Card, Empty, Loading, Name, Page, State } from "../ui/basics.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Choice, Field, Form, Tick } from "../ui/form.tsx";
import { attempt } from "../ui/toasts.tsx";
import { FolderProgress } from "./home.tsx";

export function FoldersPage(): JSX.Element {
  const offered = place.value.query.get("add");
  const from = status.value?.peers.find(({ id }) => id === place.value.query.get("from"));
  const isAdding = useSignal(offered !== null);
  const folders = status.value?.folders;
  return (
    <Page
      title="Folders"
      actions={
        may("folderAdd") ? (
          <Button kind="main" icon="plus" onPress={() => (isAdding.value = true)}>
            Add a folder
          </Button>
        ) : undefined
      }
    >
      {folders === undefined ? <Loading what="Asking for the folders…" /> : null}
      {folders?.length === 0 ? (
        <Card>
          <Empty icon="folder" title="No folder yet">
            <p>Add a directory of this machine; then pair a machine to share it with.</p>
          </Empty>
        </Card>
      ) : null}
      {folders?.map((folder) => (
        <Card
          key={folder.id}
          title={
            <a href={href("folders", folder.id)}>
              <Name>{folder.label}</Name>
            </a>
          }
          actions={<State tone={folderTone(folder.state)}>{folder.state.replace("-", " ")}</State>}
        >
          <p class="muted small">
            <Name>{folder.path}</Name>
          </p>
          <FolderProgress folder={folder} />
          <p class="small muted">
            Shared with {plural(folder.peers.length, "machine")}.
            {folder.problemsTotal === 0 ? "" : ` ${plural(folder.problemsTotal, "problem")}.`}
          </p>
        </Card>
      ))}
      {isAdding.value ? <AddDialog offered={offered} from={from} onClose={() => (isAdding.value = false)} /> : null}
    </Page>
  );
}

function AddDialog(props: {
  /** The id of a folder that a peer shares. */
  readonly offered: string | null;
  /** Who shares it. */
  readonly from: PeerStatus | undefined;
  readonly onClose: () => void;
}): JSX.Element {
  const { offered, from } = props;
  const path = useSignal("");
  const label = useSignal("");
  const mode = useSignal<"two-way" | "send-only" | "receive-only">("two-way");
  const force = useSignal(false);
  const rights = useSignal<Rights>("write");
  const add = async (): Promise<void> => {
    await attempt(async () => {
      const { folder } = await call("folderAdd", {
        path: path.value.trim(),
        mode: mode.value,
        force: force.value,
        ...(label.value.trim() === "" ? {} : { label: label.value.trim() }),
        ...(offered === null ? {} : { id: offered }),
      });
      // It syncs once both share it.
      if (from !== undefined && rights.value !== "none")
        await call("folderShare", { folder: folder.id, peer: from.id, rights: rights.value });
      props.onClose();
      go("folders", folder.id);
    }, "The folder is added");
  };
  return (
    <Dialog title={offered === null ? "Add a folder" : `Take up ${offered}`} onClose={props.onClose}>
      <Form submit="Add" disabled={path.value.trim() === ""} onSubmit={add}>
        <Field
          label="Directory"
          value={path.value}
          autoFocus={true}
          placeholder="/home/ann/Documents"
          hint="Absolute, on the machine that Syncline runs on. Not inside or around another folder."
          onChange={(value) => (path.value = value)}
        />
        <Field
          label="Name"
          value={label.value}
          placeholder="that of the directory"
          onChange={(value) => (label.value = value)}
        />
        <Choice label="Direction" value={mode.value} options={MODES} onChange={(value) => (mode.value = value)} />
        {from === undefined ? null : (
          <Choice
            label={`What ${from.name} may do here`}
            value={rights.value}
            options={RIGHTS}
            onChange={(value) => (rights.value = value)}
          />
        )}
        <Tick
          label="Also take a very broad directory, such as a whole home directory"
          checked={force.value}
          onChange={(value) => (force.value = value)}
        />
      </Form>
    </Dialog>
  );
}

export const RIGHTS = [
  ["none", "Not shared"],
  ["read", "May read"],
  ["write", "May read and change"],
] as const;
export type Rights = (typeof RIGHTS)[number][0];

export const MODES = [
  ["two-way", "Both ways"],
  ["send-only", "Send only: changes of others are not taken"],
  ["receive-only", "Receive only: changes here are not sent"],
] as const;
