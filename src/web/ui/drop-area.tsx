/** Takes files that are dropped or pasted anywhere on it, and has a button for each of that. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { Batch } from "../../shared/api-browser.ts";
import { droppedFiles, type Picked, pickedFiles } from "../api/dropped-files.ts";
import { resumeUpload, startUpload, type Upload, type UploadPlace, uploads } from "../api/upload.ts";
import { Choice } from "./form.tsx";
import { attempt } from "./toasts.tsx";
import { PickButton } from "./upload-cards.tsx";

const POLICIES = [
  ["version", "keep the old one as a version"],
  ["rename", "store under a new name"],
  ["skip", "leave what is there"],
  ["overwrite", "replace it"],
  ["fail", "refuse it"],
] as const;

export function DropArea(props: {
  readonly place: Omit<UploadPlace, "onDuplicate">;
  readonly children: ComponentChildren;
}): JSX.Element {
  const policy = useSignal<Batch["onDuplicate"]>("version");
  const isOver = useSignal(false);
  const start = async (picked: readonly Picked[]): Promise<void> => {
    if (picked.length === 0) return;
    const begun = unfinishedAt(props.place);
    if (begun === undefined) await attempt(() => startUpload({ ...props.place, onDuplicate: policy.value }, picked));
    else resumeUpload(begun, picked);
  };
  useEffect(() => {
    const paste = (event: ClipboardEvent): void => {
      const files = event.clipboardData?.files ?? [];
      if (files.length > 0) void start(pickedFiles(files));
    };
    addEventListener("paste", paste);
    return () => removeEventListener("paste", paste);
  });
  return (
    <section
      class={`drop-area ${isOver.value ? "over" : ""}`}
      aria-label="Files; drop files here to upload them"
      onDragOver={(event) => {
        if (event.dataTransfer?.types.includes("Files") !== true) return;
        event.preventDefault();
        isOver.value = true;
      }}
      onDragLeave={(event) => {
        if (event.target === event.currentTarget) isOver.value = false;
      }}
      onDrop={(event) => {
        isOver.value = false;
        const data = event.dataTransfer;
        if (data === null) return;
        event.preventDefault();
        void attempt(async () => await start(await droppedFiles(data)));
      }}
    >
      <div class="upload-bar">
        <PickButton label="Upload files" onPick={start} />
        <PickButton label="Upload a directory" onPick={start} isDirectory />
        <Choice
          label="When a name exists"
          value={policy.value}
          options={POLICIES}
          onChange={(value) => (policy.value = value)}
        />
        <p class="muted small">Or drop files and directories here, or paste them.</p>
      </div>
      {props.children}
    </section>
  );
}

/** An upload to the same place that an earlier page began: the same files go on with it, others join it. */
function unfinishedAt({ peer, folder, path }: Omit<UploadPlace, "onDuplicate">): Upload | undefined {
  return uploads.value.find(
    ({ state, batch }) =>
      state === "unfinished" && batch.peer === (peer ?? "self") && batch.folder === folder && batch.path === path,
  );
}
