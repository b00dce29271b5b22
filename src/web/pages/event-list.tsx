import type { JSX } from "preact";
import type { NodeEvent } from "../../shared/api-node.ts";
import { status } from "../api/live.ts";
import { type Names, tell } from "../text/event-text.ts";
import { folderTitle } from "../text/folder-title.ts";
import { Ago, Empty, Name } from "../ui/basics.tsx";
import { FolderName } from "../ui/folder-name.tsx";
import { Icon, type IconName } from "../ui/icon.tsx";

const ICONS: Readonly<Record<ReturnType<typeof tell>["tone"], IconName>> = {
  good: "check",
  info: "info",
  warn: "warn",
  bad: "bad",
};

/** Events as sentences, newest first. */
export function EventList({ events }: { readonly events: readonly NodeEvent[] }): JSX.Element {
  // A notice tells its owner what another event tells here.
  const told = events.filter(({ type }) => type !== "notice.created");
  if (told.length === 0) return <Empty icon="activity" title="Nothing has happened yet" />;
  return (
    <ul class="feed">
      {told.map((event) => {
        const { text, tone } = tell(event, NAMES);
        return (
          <li key={event.id}>
            <span class={`tone-${tone}`}>
              <Icon name={ICONS[tone]} />
            </span>
            <span class="text">
              <Name>{text}</Name>
              {event.folder === null || event.path === null ? null : (
                <span class="muted small">
                  {" in "}
                  <FolderName id={event.folder} />
                </span>
              )}
            </span>
            <Ago time={event.time} />
          </li>
        );
      })}
    </ul>
  );
}

const NAMES: Names = { ofDevice: nameOf, ofFolder: (id) => folderTitle(id, status.value?.folders ?? []) };

function nameOf(device: string): string {
  const now = status.value;
  if (now === undefined) return device;
  const begins = (id: string): boolean =>
    id === device || id.replaceAll("-", "").startsWith(device.replaceAll("-", ""));
  if (begins(now.device.id)) return "this device";
  return now.peers.find(({ id }) => begins(id))?.name ?? device;
}
