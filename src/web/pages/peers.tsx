import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { Peer } from "../../shared/api-peers.ts";
import { call, collect } from "../api/client.ts";
import { may } from "../api/live.ts";
import { latency, list } from "../text/format.ts";
import { peerTone } from "../text/overview.ts";
import { Answer } from "../ui/answer.tsx";
import { Ago, Button, Card, Empty, Name, Page, State } from "../ui/basics.tsx";
import { confirm, Dialog } from "../ui/dialog.tsx";
import { Choice, Field, Form } from "../ui/form.tsx";
import { OfferWords } from "../ui/offer-words.tsx";
import { attempt, say } from "../ui/toasts.tsx";
import { useData } from "../ui/use-data.ts";
import { peerFacts } from "./home.tsx";
import { InviteDialog } from "./invite.tsx";
import { JoinDialog } from "./join.tsx";

type Open = { readonly what: "invite" | "join" } | { readonly what: "rename"; readonly peer: Peer };

export function PeersPage(): JSX.Element {
  const open = useSignal<Open | undefined>(undefined);
  const answer = useData((signal) => call("peerList", {}, signal), "peers", { live: true });
  const close = (): void => {
    open.value = undefined;
    void answer.reload();
  };
  return (
    <Page
      title="Peers"
      actions={
        may("peerInvite") ? (
          <>
            <Button icon="link" onPress={() => (open.value = { what: "join" })}>
              Join with a code
            </Button>
            <Button icon="plus" kind="main" onPress={() => (open.value = { what: "invite" })}>
              Pair a machine
            </Button>
          </>
        ) : undefined
      }
    >
      <Answer of={answer} loading="Asking for the peers…">
        {({ peers }) =>
          peers.length === 0 ? (
            <Card>
              <Empty icon="peers" title="No other machine is paired">
                <p>{may("peerInvite") ? "Pair one: make a code here, and type it there." : "An admin can pair one."}</p>
              </Empty>
            </Card>
          ) : (
            peers.map((peer) => (
              <PeerCard
                peer={peer}
                key={peer.id}
                onRename={() => (open.value = { what: "rename", peer })}
                reload={answer.reload}
              />
            ))
          )
        }
      </Answer>
      {open.value?.what === "invite" ? <InviteDialog onClose={close} /> : null}
      {open.value?.what === "join" ? <JoinDialog onClose={close} /> : null}
      {open.value?.what === "rename" ? <RenameDialog peer={open.value.peer} onClose={close} /> : null}
    </Page>
  );
}

interface PeerCardProps {
  readonly peer: Peer;
  readonly onRename: () => void;
  readonly reload: () => Promise<void>;
}

function PeerCard({ peer, onRename, reload }: PeerCardProps): JSX.Element {
  const { id, name, state, role, words, folders, offers, removedUs } = peer;
  const change = async (work: () => Promise<unknown>, done: string): Promise<void> => {
    if (await attempt(work, done)) await reload();
  };
  return (
    <Card
      title={<Name>{name}</Name>}
      actions={
        <>
          <State tone={peerTone(state)}>{state}</State>
          {may("peerRename") ? (
            <Button kind="quiet" icon="edit" label={`Rename ${name}`} onPress={onRename}>
              {null}
            </Button>
          ) : null}
        </>
      }
    >
      {removedUs ? (
        <p class="notice warn">This device no longer trusts yours: remove it here, and pair again to share with it.</p>
      ) : null}
      <dl class="facts">
        <dt>Connection</dt>
        <dd class="number">
          {state === "connected" ? (
            `${peer.address ?? ""} ${peerFacts(peer)}`
          ) : (
            <>
              last seen <Ago time={peer.lastSeen} />
              {peer.message === null ? "" : `: ${peer.message}`}
            </>
          )}
        </dd>
        <dt>Shares</dt>
        <dd>
          {folders.length === 0
            ? "no folder"
            : list(
                folders.map(({ label, rights }) => `${label} (${rights === "read" ? "reads" : "reads and writes"})`),
              )}
        </dd>
        {words === null ? null : (
          <>
            <dt>Three words</dt>
            <dd>
              <span class="words">{words.join(" ")}</span> <span class="muted small">the same on both machines</span>
            </dd>
          </>
        )}
        <dt>Device id</dt>
        <dd>
          <code>{id}</code>
        </dd>
      </dl>
      {offers.map((offer) => (
        <p class="notice busy" key={offer.id}>
          <span>
            <OfferWords peer={peer} offer={offer} />
          </span>
        </p>
      ))}
      {may("peerRole") ? (
        <div class="actions">
          <Choice
            label={`Role of ${name}`}
            hideLabel={true}
            value={role}
            options={[
              ["user", "User: syncs what is shared"],
              ["admin", "Admin: may do everything here"],
            ]}
            onChange={(value) => change(() => call("peerRole", { peer: id, role: value }), `${name} is ${value} now`)}
          />
          {peer.paused ? (
            <Button icon="play" onPress={() => change(() => call("peerResume", { peer: id }), `${name} is resumed`)}>
              Resume
            </Button>
          ) : (
            <Button icon="pause" onPress={() => change(() => call("peerPause", { peer: id }), `${name} is paused`)}>
              Pause
            </Button>
          )}
          <Button onPress={() => ping(peer)} disabled={state !== "connected"}>
            Ping
          </Button>
          <Button icon="trash" onPress={() => remove(peer, reload)}>
            Remove
          </Button>
        </div>
      ) : null}
    </Card>
  );
}

async function ping({ id, name }: Peer): Promise<void> {
  await attempt(async () => {
    const items = await collect("peerPing", { peer: id, count: 3 });
    const summary = items.find((item) => item.type === "summary");
    if (summary?.type !== "summary" || summary.meanMs === null) say(`${name} did not answer`);
    else say(`${name} answered in ${latency(summary.meanMs)}`);
  });
}

async function remove({ id, name }: Peer, reload: () => Promise<void>): Promise<void> {
  const isSure = await confirm(
    `Remove ${name}?`,
    "It is no longer trusted and its connection ends at once. Files that it has stay there; yours stay here. To share again, pair anew.",
    "Remove",
  );
  if (isSure && (await attempt(() => call("peerRemove", { peer: id }), `${name} is removed`))) await reload();
}

function RenameDialog({ peer, onClose }: { readonly peer: Peer; readonly onClose: () => void }): JSX.Element {
  const name = useSignal(peer.name);
  return (
    <Dialog title={`Rename ${peer.name}`} onClose={onClose}>
      <Form
        submit="Rename"
        disabled={name.value.trim() === ""}
        onSubmit={async () => {
          if (await attempt(() => call("peerRename", { peer: peer.id, name: name.value.trim() }))) onClose();
        }}
      >
        <Field label="Name here" value={name.value} autoFocus={true} onChange={(value) => (name.value = value)} />
      </Form>
    </Dialog>
  );
}
