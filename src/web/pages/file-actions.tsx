/** What can be done to files where they lie: renamed, moved, deleted, and new directories made. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { ListEntry } from "../../shared/api-list.ts";
import { callAt, collectAt, Failure } from "../api/client.ts";
import type { Remote } from "../api/download.ts";
import { plural } from "../text/format.ts";
import { Button } from "../ui/basics.tsx";
import { confirm, Dialog } from "../ui/dialog.tsx";
import { Field, Form } from "../ui/form.tsx";
import { attempt, say } from "../ui/toasts.tsx";

/** Deletes after asking; says how it is taken back. True when it is gone. */
export async function deleteEntry({ peer, folder, path }: Remote, entry: ListEntry): Promise<boolean> {
  const isDirectory = entry.type === "directory";
  const text = `It goes to the trash of every device that shares the folder${isDirectory ? ", with all that lies in it" : ""}.`;
  if (!(await confirm(`Delete ${entry.path}?`, text, "Delete"))) return false;
  return await attempt(async () => {
    const lines = await collectAt(peer, "delete", { folder, path, recursive: isDirectory });
    const summary = lines.find((line) => line.type === "summary");
    if (summary?.type !== "summary") return;
    const left = summary.skipped > 0 ? `; ${summary.skipped} stayed` : "";
    const undo = () => collectAt(peer, "trashRestore", { folder, path });
    say(`${plural(summary.deleted, "entry", "entries")} deleted${left}`, undo);
  });
}

/** Asks for a new name or place. */
export function MoveDialog(props: {
  readonly what: Remote;
  readonly onDone: () => unknown;
  readonly onClose: () => void;
}): JSX.Element {
  const { what, onDone, onClose } = props;
  const { peer, folder, path } = what;
  const to = useSignal(path);
  const move = async (): Promise<void> => {
    const target = to.value.replace(/^\/+|\/+$/g, "");
    const isDone = await attempt(async () => {
      const lines = await collectAt(peer, "move", { folder, path, to: target, into: to.value.endsWith("/") });
      const skipped = lines.find((line) => line.type === "skipped");
      if (skipped?.type === "skipped") throw new Failure({ ...skipped, hint: "" });
      say(`Moved to ${target}`, async () => {
        await collectAt(peer, "move", { folder, path: target, to: path });
        await onDone();
      });
    });
    if (!isDone) return;
    onClose();
    await onDone();
  };
  return (
    <Dialog title="Rename or move" onClose={onClose}>
      <Form onSubmit={move} submit="Move" disabled={to.value === path || to.value === ""}>
        <Field
          label="New name, with its directory"
          value={to.value}
          onChange={(value) => (to.value = value)}
          autoFocus
          hint="Below the folder. A slash at the end puts it into that directory. Nothing is overwritten."
        />
      </Form>
    </Dialog>
  );
}

/** A button that makes a directory in another one. */
export function NewDirectory(props: { readonly place: Remote; readonly onDone: () => unknown }): JSX.Element {
  const { place, onDone } = props;
  const isOpen = useSignal(false);
  const name = useSignal("");
  const make = async (): Promise<void> => {
    const path = [place.path, name.value].filter((part) => part !== "").join("/");
    const isDone = await attempt(() => callAt(place.peer, "mkdir", { folder: place.folder, path }), `${path} is made`);
    if (!isDone) return;
    isOpen.value = false;
    name.value = "";
    await onDone();
  };
  return (
    <>
      <Button icon="plus" onPress={() => (isOpen.value = true)}>
        New directory
      </Button>
      {isOpen.value ? (
        <Dialog title="New directory" onClose={() => (isOpen.value = false)}>
          <Form onSubmit={make} submit="Make" disabled={name.value === ""}>
            <Field label="Name" value={name.value} onChange={(value) => (name.value = value)} autoFocus />
          </Form>
        </Dialog>
      ) : null}
    </>
  );
}
