/** Who downloaded this node's files by hand: a bell with a count, and the list behind it. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { Notice } from "../../shared/api-transfers.ts";
import { call } from "../api/client.ts";
import { status } from "../api/live.ts";
import { plural } from "../text/format.ts";
import { Answer } from "./answer.tsx";
import { Ago, Button, Empty, Name } from "./basics.tsx";
import { Dialog } from "./dialog.tsx";
import { FolderName } from "./folder-name.tsx";
import { useData } from "./use-data.ts";

export function Bell(): JSX.Element {
  const isOpen = useSignal(false);
  const unread = status.value?.notices ?? 0;
  return (
    <>
      <Button
        kind="quiet"
        icon="bell"
        label={unread === 0 ? "Notices" : `Notices, ${unread} new`}
        onPress={() => (isOpen.value = true)}
      >
        {unread === 0 ? null : <span class="count">{unread}</span>}
      </Button>
      {isOpen.value ? <Notices onClose={() => (isOpen.value = false)} /> : null}
    </>
  );
}

function Notices({ onClose }: { readonly onClose: () => void }): JSX.Element {
  // What is shown counts as read.
  const answer = useData((signal) => call("notices", { markRead: true }, signal), "notices");
  return (
    <Dialog title="Notices" onClose={onClose}>
      <Answer of={answer} loading="Asking for the notices…">
        {({ notices }) =>
          notices.length === 0 ? (
            <Empty icon="bell" title="Nothing yet">
              <p>When somebody downloads a file of yours by hand, it is told here.</p>
            </Empty>
          ) : (
            <ul class="feed">
              {notices.toReversed().map((notice) => (
                <Told notice={notice} key={notice.id} />
              ))}
            </ul>
          )
        }
      </Answer>
      <div class="actions end">
        <Button onPress={onClose}>Close</Button>
      </div>
    </Dialog>
  );
}

function Told({ notice }: { readonly notice: Notice }): JSX.Element {
  const { message, folder, count, lastAt, read } = notice;
  return (
    <li class={read ? "" : "strong"}>
      <span class="text">
        <Name>{message}</Name>
        <span class="muted small">
          {" in "}
          <FolderName id={folder} />
          {count > 1 ? `, ${plural(count, "time")}` : ""}
        </span>
      </span>
      <Ago time={lastAt} />
    </li>
  );
}
