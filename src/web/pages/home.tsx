import type { JSX } from "preact";
import type { FolderStatus } from "../../shared/api-folders.ts";
import type { PeerStatus } from "../../shared/api-peers.ts";
import { call } from "../api/client.ts";
import { events, may, status } from "../api/live.ts";
import { href } from "../route.ts";
import { isPassing } from "../text/event-text.ts";
import { bytes, latency, plural } from "../text/format.ts";
import { folderTone, overview, peerTone, type Reason, type Tone } from "../text/overview.ts";
import { Ago, Button, Card, Empty, Loading, Name, Page, State, Words } from "../ui/basics.tsx";
import { Icon, type IconName } from "../ui/icon.tsx";
import { OfferWords } from "../ui/offer-words.tsx";
import { Throughput } from "../ui/throughput.tsx";
import { attempt } from "../ui/toasts.tsx";
import { useTitle } from "../ui/use-title.ts";
import { EventList } from "./event-list.tsx";
import { SavedToday } from "./saved-today.tsx";
import { TransfersNow } from "./transfers-now.tsx";

const ICONS: Readonly<Record<Tone, IconName>> = { good: "check", busy: "busy", warn: "warn", bad: "bad", idle: "idle" };
const EVENTS_SHOWN = 8;

export function HomePage(): JSX.Element {
  useTitle("Home");
  const now = status.value;
  if (now === undefined)
    return (
      <Page title="Home">
        <Loading what="Asking how things are…" />
      </Page>
    );
  const { tone, sentence, reasons } = overview(now);
  return (
    <>
      <section class={`headline ${tone}`} aria-live="polite">
        <Icon name={ICONS[tone]} />
        <h1 tabIndex={-1}>{sentence}</h1>
      </section>
      {reasons.length === 0 ? null : <Reasons reasons={reasons} />}
      <section class="stack" aria-labelledby="folders">
        <div class="page-head">
          <h2 id="folders">Folders</h2>
          {may("folderAdd") ? (
            <a class="button" href={href("folders")}>
              <Icon name="plus" />
              Add or change
            </a>
          ) : null}
        </div>
        {now.folders.length === 0 ? <FirstSteps /> : <FolderTiles folders={now.folders} />}
      </section>
      <TransfersNow />
      <div class="two">
        <Peers peers={now.peers} />
        <Card title="Traffic">
          <Throughput />
          <SavedToday />
        </Card>
      </div>
      {may("events") ? (
        <Card title="Lately" actions={<a href={href("activity")}>All activity</a>}>
          <EventList events={events.value.filter((event) => !isPassing(event)).slice(0, EVENTS_SHOWN)} />
        </Card>
      ) : null}
    </>
  );
}

/** Whatever is not in sync, why, and what to do. */
function Reasons({ reasons }: { readonly reasons: readonly Reason[] }): JSX.Element {
  return (
    <section class="stack tight" aria-label="What needs you">
      {reasons.map((reason) => (
        <div class={`notice ${reason.tone}`} key={`${reason.code}${reason.text}`}>
          <Icon name={ICONS[reason.tone]} />
          <div>
            <p class="strong">
              <Name>{reason.text}</Name>
            </p>
            <p>
              <Words text={reason.fix} />.
            </p>
            <div class="actions">
              {reason.heldIn !== undefined && may("folderApprove") ? <Held folder={reason.heldIn} /> : null}
              {reason.link === undefined ? null : (
                <a class="button" href={reason.link}>
                  {reason.code === "conflict" ? "Choose" : "Look"}
                </a>
              )}
            </div>
          </div>
        </div>
      ))}
    </section>
  );
}

export function Held({ folder }: { readonly folder: string }): JSX.Element {
  return (
    <>
      <Button
        onPress={() => attempt(() => call("folderReject", { folder }), "The files come back")}
        icon="undo"
        kind="main"
      >
        Bring the files back
      </Button>
      <Button onPress={() => attempt(() => call("folderApprove", { folder }), "The deletions go on")}>
        Delete them everywhere
      </Button>
    </>
  );
}

function FirstSteps(): JSX.Element {
  return (
    <Card>
      <Empty icon="folder" title="No folder yet">
        <p>
          {may("folderAdd")
            ? "Share a folder of this machine, or join one that shares already."
            : "An admin can share one, or join a machine that shares already."}
        </p>
        <div class="actions">
          {may("folderAdd") ? (
            <a class="button main" href={href("folders")}>
              Share a folder
            </a>
          ) : null}
          {may("join") ? (
            <a class="button" href={href("peers")}>
              Join with a code
            </a>
          ) : null}
        </div>
      </Empty>
    </Card>
  );
}

function FolderTiles({ folders }: { readonly folders: readonly FolderStatus[] }): JSX.Element {
  return (
    <div class="cards">
      {folders.map((folder) => (
        <article class="tile" key={folder.id}>
          <div class="tile-head">
            <h3>
              <a href={href("folders", folder.id)}>
                <Name>{folder.label}</Name>
              </a>
            </h3>
            <State tone={folderTone(folder.state)}>{folder.state.replace("-", " ")}</State>
          </div>
          <p class="muted small path">
            <Name>{folder.path}</Name>
          </p>
          <FolderProgress folder={folder} />
        </article>
      ))}
    </div>
  );
}

export function FolderProgress({ folder }: { readonly folder: FolderStatus }): JSX.Element {
  const { files, needFiles, needBytes } = folder;
  const done = folder.bytes - Math.min(needBytes, folder.bytes);
  return (
    <>
      <p class="number">
        {plural(files, "file")}, {bytes(folder.bytes)}
        {folder.mode === "two-way" ? "" : `, ${folder.mode.replace("-", " ")}`}
      </p>
      {needFiles === 0 ? null : (
        <div class="stack tight">
          <progress
            max={Math.max(1, folder.bytes)}
            value={done}
            aria-label={`${folder.label}: ${plural(needFiles, "file")} to fetch`}
          />
          <p class="small number">
            {plural(needFiles, "file")} to fetch, {bytes(needBytes)} left
          </p>
        </div>
      )}
    </>
  );
}

function Peers({ peers }: { readonly peers: readonly PeerStatus[] }): JSX.Element {
  return (
    <Card title="Peers" actions={<a href={href("peers")}>{may("peerInvite") ? "Pair or change" : "All peers"}</a>}>
      {peers.length === 0 ? (
        <Empty icon="peers" title="No other machine is paired">
          {may("peerInvite") ? (
            <a class="button main" href={href("peers")}>
              Pair one
            </a>
          ) : null}
        </Empty>
      ) : (
        <ul class="feed">
          {peers.map((peer) => (
            <li key={peer.id}>
              <span class="text">
                <span class="strong">
                  <Name>{peer.name}</Name>
                </span>{" "}
                <span class="muted small number">{peerFacts(peer)}</span>
                {peer.state === "connected" ? null : (
                  <span class="muted small">
                    {" "}
                    last seen <Ago time={peer.lastSeen} />
                  </span>
                )}
                {peer.offers.map((offer) => (
                  <span class="small below" key={offer.id}>
                    <OfferWords peer={peer} offer={offer} />
                  </span>
                ))}
              </span>
              <State tone={peerTone(peer.state)}>{peer.state}</State>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

/** `0.4 ms, lacks 3 files (1.2 MB)`. */
export function peerFacts({ rttMs, needFiles, needBytes, transport, message }: PeerStatus): string {
  return [
    transport === null ? "" : transport.toUpperCase(),
    rttMs === null ? "" : latency(rttMs),
    needFiles === 0 ? "" : `lacks ${plural(needFiles, "file")} (${bytes(needBytes)})`,
    message ?? "",
  ]
    .filter((part) => part !== "")
    .join(", ");
}
