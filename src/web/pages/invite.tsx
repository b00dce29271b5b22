import { useComputed, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { Invite } from "../../shared/api-peers.ts";
import { call } from "../api/client.ts";
import { events, status } from "../api/live.ts";
import { clock, list } from "../text/format.ts";
import { Button, Name } from "../ui/basics.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Choice, Form, Tick } from "../ui/form.tsx";
import { Icon } from "../ui/icon.tsx";
import { Qr } from "../ui/qr.tsx";
import { attempt, say } from "../ui/toasts.tsx";

/** Makes a pairing code, shows it, and says when somebody used it. */
export function InviteDialog({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const folders = status.value?.folders ?? [];
  const chosen = useSignal<ReadonlySet<string>>(new Set(folders.length === 1 ? folders.map(({ id }) => id) : []));
  const rights = useSignal<"write" | "read">("write");
  const role = useSignal<"user" | "admin">("user");
  const invite = useSignal<Invite | undefined>(undefined);
  const make = async (): Promise<void> => {
    const ids = [...chosen.value];
    await attempt(async () => {
      invite.value = await call("peerInvite", {
        folders: ids,
        none: ids.length === 0,
        rights: rights.value,
        role: role.value,
      });
    });
  };
  if (invite.value !== undefined) return <Code invite={invite.value} onClose={onClose} />;
  return (
    <Dialog title="Pair a machine" onClose={onClose}>
      <Form submit="Make a code" onSubmit={make}>
        <fieldset class="plain stack tight">
          <legend class="strong">Folders to share with it</legend>
          {folders.length === 0 ? (
            <p class="muted">There is no folder yet; the machine is paired without one.</p>
          ) : null}
          {folders.map(({ id, label }) => (
            <Tick
              key={id}
              label={<Name>{label}</Name>}
              checked={chosen.value.has(id)}
              onChange={(isOn) => {
                const next = new Set(chosen.value);
                if (isOn) next.add(id);
                else next.delete(id);
                chosen.value = next;
              }}
            />
          ))}
        </fieldset>
        <div class="row-fields">
          <Choice
            label="It may"
            value={rights.value}
            options={[
              ["write", "read and change them"],
              ["read", "only read them"],
            ]}
            onChange={(value) => (rights.value = value)}
          />
          <Choice
            label="Its role here"
            value={role.value}
            options={[
              ["user", "user"],
              ["admin", "admin"],
            ]}
            onChange={(value) => (role.value = value)}
          />
        </div>
      </Form>
    </Dialog>
  );
}

function Code({ invite, onClose }: { readonly invite: Invite; readonly onClose: () => void }): JSX.Element {
  const now = useSignal(Date.now());
  const since = useSignal(events.peek()[0]?.id ?? 0);
  useEffect(() => {
    const timer = setInterval(() => (now.value = Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const paired = useComputed(() => events.value.find(({ id, type }) => id > since.value && type === "peer.paired"));
  const leftMs = new Date(invite.expires).getTime() - now.value;
  if (paired.value !== undefined) {
    const { name, words } = paired.value.data;
    return (
      <Dialog title="Paired" onClose={onClose}>
        <div class="notice good" role="status">
          <Icon name="check" />
          <div>
            <p class="strong">
              <Name>{`${String(name)} is paired`}</Name>
            </p>
            {typeof words === "string" ? (
              <p>
                Both machines show the same three words: <span class="words">{words.replaceAll("-", " ")}</span>
              </p>
            ) : null}
          </div>
        </div>
        <div class="actions end">
          <Button kind="main" onPress={onClose}>
            Done
          </Button>
        </div>
      </Dialog>
    );
  }
  const labels = (status.value?.folders ?? [])
    .filter(({ id }) => invite.folders.includes(id))
    .map(({ label }) => label);
  return (
    <Dialog title="Type this code on the other machine" onClose={onClose}>
      <div class="invite">
        <div class="stack tight">
          <p class="pair-code" data-testid="code">
            {invite.code}
          </p>
          <p role="timer" class="number">
            {leftMs > 0 ? `${clock(leftMs)} left, one use` : "Its time is over; make a new one"}
          </p>
          <p>
            There, run <code>syncline join {invite.code}</code>
            {labels.length === 0 ? "" : `, to get ${list(labels)}`}
          </p>
          <p class="muted small">On another network, use the link or the picture instead.</p>
          <Button icon="copy" onPress={() => copy(invite.link)}>
            Copy the link
          </Button>
        </div>
        <Qr text={invite.link} label="The link as a QR code" />
      </div>
    </Dialog>
  );
}

async function copy(text: string): Promise<void> {
  await attempt(async () => {
    await navigator.clipboard.writeText(text);
    say("Copied");
  });
}
