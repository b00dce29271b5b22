import type { NodeEvent, Status } from "../../shared/api-node.ts";
import { printable } from "../../shared/printable.ts";
import type { CommandHandler } from "../command-rows/command-row.ts";
import { eventLine } from "../render/event.ts";
import { formatBytes, plural } from "../render/format.ts";
import { LiveArea } from "../render/live-area.ts";
import { Progress } from "../render/progress.ts";
import { statusSentence } from "../render/status.ts";
import type { Session } from "../session.ts";

const EVENTS_SHOWN = 10;

/** Shows state and events as they come: drawn over on a terminal, as plain lines elsewhere. */
export const watch: CommandHandler = async (session) => {
  if (session.globals.json) {
    for await (const item of session.stream("watch", {})) session.json(item);
  } else if (session.isLive) await watchLive(session);
  else await watchLines(session);
};

async function watchLive(session: Session): Promise<void> {
  const area = new LiveArea(session.io);
  const events: NodeEvent[] = [];
  const progress = new Progress();
  let status: Status | undefined;
  for await (const item of session.stream("watch", {})) {
    if (item.type === "event") {
      events.push(item.event);
      if (events.length > EVENTS_SHOWN) events.shift();
    } else {
      status = item.status;
      const [needFiles, needBytes] = needOf(status);
      progress.add({
        timeMs: session.io.now().getTime(),
        needFiles,
        needBytes,
        wireBytes: status.traffic.wireBytesReceived,
      });
    }
    if (status !== undefined) area.draw(screen(status, progress, events));
  }
}

function screen(status: Status, progress: Progress, events: readonly NodeEvent[]): readonly string[] {
  const folders = status.folders.map((folder) => {
    const need = folder.needFiles > 0 ? `  ${plural(folder.needFiles, "file")} to fetch` : "";
    return `  ${printable(folder.label)}  ${folder.state}  ${plural(folder.files, "file")}, ${formatBytes(folder.bytes)}${need}`;
  });
  const peers = status.peers.map((peer) => {
    const lacks = peer.needFiles > 0 ? `  lacks ${plural(peer.needFiles, "file")}` : "";
    return `  ${printable(peer.name)}  ${peer.state}${peer.address === null ? "" : `  ${peer.address}`}${lacks}`;
  });
  const [needFiles] = needOf(status);
  const moving = needFiles > 0 ? [progress.line()] : [];
  return [
    printable(statusSentence(status)),
    ...folders,
    ...peers,
    ...moving,
    ...(events.length > 0 ? ["", ...events.map(eventLine)] : []),
  ];
}

async function watchLines(session: Session): Promise<void> {
  let sentence = "";
  for await (const item of session.stream("watch", {})) {
    if (item.type === "event") session.print(eventLine(item.event));
    else if (statusSentence(item.status) !== sentence) {
      sentence = statusSentence(item.status);
      session.print(printable(sentence));
    }
  }
}

function needOf(status: Status): readonly [files: number, bytes: number] {
  return [
    status.folders.reduce((sum, folder) => sum + folder.needFiles, 0),
    status.folders.reduce((sum, folder) => sum + folder.needBytes, 0),
  ];
}
