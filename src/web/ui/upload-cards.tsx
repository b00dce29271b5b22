/** Uploads from this page and from earlier ones: how far each is, what it needs. */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Failure } from "../api/client.ts";
import { type Picked, pickedFiles } from "../api/dropped-files.ts";
import { link, status } from "../api/live.ts";
import { undoUpload } from "../api/undo-upload.ts";
import {
  continueUpload,
  loadUploads,
  pauseUpload,
  removeUpload,
  resumeUpload,
  retryUpload,
  type Upload,
  type UploadState,
  uploads,
} from "../api/upload.ts";
import { bytes, plural } from "../text/format.ts";
import type { Tone } from "../text/overview.ts";
import { Button, Card, Name, State } from "./basics.tsx";
import { FolderName } from "./folder-name.tsx";
import { Progress } from "./progress.tsx";
import { attempt, say } from "./toasts.tsx";

const FAULTS_TOLD = 3;

const STATES: Readonly<Record<UploadState, readonly [Tone, string]>> = {
  sending: ["busy", "uploading"],
  paused: ["idle", "paused"],
  waiting: ["warn", "waiting for Syncline to answer"],
  placing: ["busy", "putting files in their place"],
  held: ["bad", "held"],
  done: ["good", "done"],
  undone: ["idle", "undone"],
  unfinished: ["warn", "needs its files again"],
};

/** What is over, but not all well, does not look as if it were. */
function stateOf({ state, batch, files }: Upload): readonly [Tone, string] {
  if (state !== "done" || batch.failed === 0) return STATES[state];
  return batch.failed >= files ? ["bad", "failed"] : ["warn", "done, but for some"];
}

/** All of them; nothing where there are none. */
export function UploadCards(): JSX.Element {
  useEffect(() => {
    // Nobody asked for them: when that fails, it is tried again with the next link.
    if (link.value === "live") void loadUploads().catch(() => {});
  }, [link.value]);
  return (
    <>
      {uploads.value.map((upload) => (
        <UploadCard upload={upload} key={upload.batch.id} />
      ))}
    </>
  );
}

function UploadCard({ upload }: { readonly upload: Upload }): JSX.Element {
  const { batch, state, now, faults } = upload;
  const [tone, words] = stateOf(upload);
  const peer = status.value?.peers.find(({ id, name }) => id === batch.peer || name === batch.peer);
  return (
    <Card
      title={
        <>
          Upload to <FolderName id={batch.folder} />
          {batch.path === "" ? null : <Name>{`/${batch.path}`}</Name>}
          {peer === undefined ? null : (
            <>
              {" on "}
              <Name>{peer.name}</Name>
            </>
          )}
        </>
      }
      actions={<State tone={tone}>{words}</State>}
    >
      <Sums upload={upload} />
      {batch.message === null || state !== "held" ? null : (
        <p class="notice bad">
          <span>{batch.message}. What came is kept here; try again when the reason is gone.</span>
        </p>
      )}
      {state === "unfinished" ? (
        <p>
          The page was loaded anew, and a browser forgets which files it was given. Pick the same files or the same
          directory again: what is here already is not sent twice.
        </p>
      ) : null}
      {now.length === 0 ? null : (
        <ul class="stack tight">
          {now.map(({ name, doneBytes, bytes: all }) => (
            <li class="upload-file" key={name}>
              <Name>{name}</Name>
              <Progress label={name} done={doneBytes} all={all} />
              <span class="number small">
                {bytes(doneBytes)} of {bytes(all)}
              </span>
            </li>
          ))}
        </ul>
      )}
      {faults.length === 0 ? null : (
        <ul class="stack tight" aria-label="Files that failed">
          {faults.map(({ name, message }) => (
            <li key={name}>
              <Name>{name}</Name> <span class="muted">{message}</span>
            </li>
          ))}
        </ul>
      )}
      <Actions upload={upload} />
    </Card>
  );
}

function Sums({ upload }: { readonly upload: Upload }): JSX.Element {
  const { batch, state, files, bytes: all, sentBytes, bytesPerSecond } = upload;
  const isSending = state === "sending" || state === "paused" || state === "waiting";
  const label = isSending ? "Sent" : "In place";
  return (
    <div class="stack tight">
      {state === "unfinished" ? null : isSending ? (
        <Progress label={label} done={sentBytes} all={all} />
      ) : (
        <Progress label={label} done={batch.settled} all={files} />
      )}
      <p class="number muted small" role="status">
        {isSending
          ? `${bytes(sentBytes)} of ${bytes(all)} sent`
          : files === 0
            ? "No file, directories alone"
            : `${batch.settled} of ${plural(files, "file")} settled`}
        {batch.stored > 0 ? `, ${batch.stored} stored` : ""}
        {batch.failed > 0 ? `, ${batch.failed} failed` : ""}
        {state === "sending" && bytesPerSecond > 0 ? `, ${bytes(bytesPerSecond)}/s` : ""}
      </p>
    </div>
  );
}

function Actions({ upload }: { readonly upload: Upload }): JSX.Element {
  const { state, batch } = upload;
  const again = (picked: readonly Picked[]): void => resumeUpload(upload, picked);
  return (
    <div class="actions end">
      {state === "sending" || state === "waiting" ? (
        <Button icon="pause" onPress={() => pauseUpload(upload)}>
          Pause
        </Button>
      ) : null}
      {state === "paused" ? (
        <Button kind="main" icon="play" onPress={() => continueUpload(upload)}>
          Go on
        </Button>
      ) : null}
      {state === "unfinished" ? (
        <>
          <PickButton label="Pick the files again" onPick={again} />
          <PickButton label="Pick the directory again" onPick={again} isDirectory />
        </>
      ) : null}
      {state === "held" ? (
        <Button kind="main" icon="refresh" onPress={() => attempt(() => retryUpload(upload))}>
          Try again
        </Button>
      ) : null}
      {state === "done" && batch.stored > 0 ? (
        <Button icon="undo" onPress={() => attempt(() => undo(upload))}>
          Undo
        </Button>
      ) : null}
      <Button kind="quiet" icon="close" onPress={() => attempt(() => removeUpload(upload))}>
        {state === "done" || state === "undone" ? "Put away" : "Give up"}
      </Button>
    </div>
  );
}

async function undo(upload: Upload): Promise<void> {
  const faults = await undoUpload(upload);
  if (faults.length > 0)
    throw new Failure({ code: "E_PARTIAL", message: faults.slice(0, FAULTS_TOLD).join("; "), hint: "" });
  say("Undone: what was new is in the trash, what was replaced is back");
}

/** A button that opens the browser's own choice of files. */
export function PickButton(props: {
  readonly label: string;
  readonly onPick: (picked: readonly Picked[]) => unknown;
  readonly isDirectory?: boolean;
  readonly kind?: "main";
}): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button icon="up" kind={props.kind ?? "plain"} onPress={() => input.current?.click()}>
        {props.label}
      </Button>
      <input
        ref={input}
        type="file"
        class="unseen"
        tabIndex={-1}
        aria-hidden="true"
        multiple
        {...(props.isDirectory === true ? { webkitdirectory: true } : {})}
        onChange={(event) => {
          const picked = pickedFiles(event.currentTarget.files ?? []);
          event.currentTarget.value = "";
          if (picked.length > 0) props.onPick(picked);
        }}
      />
    </>
  );
}
