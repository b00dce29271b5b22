/** What a file's content is proven by: its SHA-256, and the same content on another device. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { ListEntry } from "../../shared/api-list.ts";
import { callAt, collect } from "../api/client.ts";
import type { Remote } from "../api/download.ts";
import { status } from "../api/live.ts";
import { Button, Name, State } from "../ui/basics.tsx";
import { Choice } from "../ui/form.tsx";
import { attempt } from "../ui/toasts.tsx";

/** Known from before, or read from the disk where the file is. */
export function FileHash({ what, entry }: { readonly what: Remote; readonly entry: ListEntry }): JSX.Element {
  const read = useSignal<string | undefined>(undefined);
  const { peer, folder, path } = what;
  const hash = read.value ?? entry.hash;
  const compute = (): Promise<boolean> =>
    attempt(async () => {
      read.value = (await callAt(peer, "hash", { folder, path })).hash;
    });
  return (
    <>
      {hash === null ? null : <code>{hash.replace("sha256:", "")}</code>}
      {read.value !== undefined ? (
        <span class="muted small"> read from the disk just now</span>
      ) : (
        <Button icon="refresh" onPress={compute}>
          {hash === null ? "Read the file and compute it" : "Read it from the disk again"}
        </Button>
      )}
    </>
  );
}

type Found =
  | { readonly isSame: true; readonly text: string }
  | { readonly isSame: false; readonly text: string; readonly who: string };

/** Compares the file here with the one on a device, both read from the disk. */
export function FileVerify({ what }: { readonly what: Remote }): JSX.Element | null {
  const { peer, folder, path } = what;
  const here = status.value?.folders.find(({ id, label }) => id === folder || label === folder);
  const peers = (status.value?.peers ?? []).filter(({ state }) => state === "connected");
  const chosen = useSignal(peer ?? peers[0]?.id ?? "");
  const found = useSignal<Found | undefined>(undefined);
  if (here === undefined || peers.length === 0) return null;
  const name = peers.find(({ id }) => id === chosen.value)?.name ?? chosen.value;
  const verify = (): Promise<boolean> =>
    attempt(async () => {
      found.value = undefined;
      found.value = foundOf(await collect("verify", { peer: chosen.value, folder, path }), name);
    });
  return (
    <div class="stack tight">
      <div class="row-fields">
        <Choice
          label="Compare with"
          value={chosen.value}
          options={peers.map(({ id, name: text }) => [id, text] as const)}
          onChange={(value) => {
            chosen.value = value;
            found.value = undefined;
          }}
        />
        <Button icon="check" onPress={verify}>
          Verify
        </Button>
      </div>
      {found.value === undefined ? null : (
        <p role="status">
          <State tone={found.value.isSame ? "good" : "bad"}>{found.value.text}</State>
          {found.value.isSame ? null : <Name>{found.value.who}</Name>}
        </p>
      )}
    </div>
  );
}

type Line = Awaited<ReturnType<typeof collect<"verify">>>[number];

const SOUND = {
  here: "; the one there is not what was recorded",
  there: "; the one here is not what was recorded",
  both: "; each is as recorded: they are not in sync yet",
  neither: "; neither is what was recorded",
} as const;

function foundOf(lines: readonly Line[], name: string): Found {
  for (const line of lines) {
    if (line.type === "differs")
      return { isSame: false, text: `Differs from the one on ${name}`, who: SOUND[line.sound] };
    if (line.type === "missing") return { isSame: false, text: `Only on ${name}`, who: "" };
    if (line.type === "extra") return { isSame: false, text: `Not on ${name}`, who: "" };
    if (line.type === "unreadable") return { isSame: false, text: "Cannot be read", who: `: ${line.message}` };
  }
  return { isSame: true, text: `The same here and on ${name}, both read from the disk` };
}
