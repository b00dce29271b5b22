import type { JSX } from "preact";
import type { ListLine } from "../../shared/api-list.ts";
import { collectAt } from "../api/client.ts";
import { status } from "../api/live.ts";
import { go, href, place } from "../route.ts";
import { folderTitle } from "../text/folder-title.ts";
import { bytes, plural } from "../text/format.ts";
import { Answer } from "../ui/answer.tsx";
import { Card, Empty, Name, Page } from "../ui/basics.tsx";
import { DropArea } from "../ui/drop-area.tsx";
import { FolderName } from "../ui/folder-name.tsx";
import { Choice } from "../ui/form.tsx";
import { Icon } from "../ui/icon.tsx";
import { UploadCards } from "../ui/upload-cards.tsx";
import { useData } from "../ui/use-data.ts";
import { usePeerReturn } from "../ui/use-when.ts";
import { Entries } from "./file-entries.tsx";
import { FileTree } from "./file-tree.tsx";

/** In the address: this node. No device can have this name, because names of devices are ids there. */
const HERE = "here";

type FolderLine = Extract<ListLine, { type: "folder" }>;

/** Files of any folder, on this node and on every connected peer. */
export function FilesPage(): JSX.Element {
  const [where = HERE, folder, ...path] = place.value.rest;
  const top = folder === undefined ? undefined : folderTitle(folder, status.value?.folders ?? []);
  return (
    <Page title="Files" tab={path.at(-1) ?? top}>
      <UploadCards />
      <Card>
        <Where where={where} />
        <Crumbs where={where} folder={folder} path={path} />
        {folder === undefined ? (
          <Folders where={where} key={where} />
        ) : (
          <div class="beside-tree">
            <FileTree
              where={where}
              peer={peerOf(where)}
              folder={folder}
              current={path.join("/")}
              key={`${where}/${folder}`}
            />
            <DropArea place={{ peer: peerOf(where), folder, path: path.join("/") }}>
              <Entries
                where={where}
                peer={peerOf(where)}
                folder={folder}
                path={path.join("/")}
                key={place.value.rest.join("/")}
              />
            </DropArea>
          </div>
        )}
      </Card>
    </Page>
  );
}

function Where({ where }: { readonly where: string }): JSX.Element {
  const peers = status.value?.peers ?? [];
  return (
    <Choice
      label="On"
      value={where}
      options={[
        [HERE, `${status.value?.device.name ?? "this device"} (this device)`],
        ...peers.map(({ id, name, state }) => [id, state === "connected" ? name : `${name} (${state})`] as const),
        ...(where === HERE || peers.some(({ id }) => id === where) ? [] : [[where, where] as const]),
      ]}
      onChange={(value) => go("files", value)}
    />
  );
}

function Crumbs(props: {
  readonly where: string;
  readonly folder: string | undefined;
  readonly path: readonly string[];
}): JSX.Element {
  const { where, folder, path } = props;
  const steps = folder === undefined ? [] : [folder, ...path];
  return (
    <nav class="crumbs" aria-label="Where you are">
      <ol>
        <li>
          <a href={href("files", where)} aria-current={steps.length === 0 ? "page" : undefined}>
            Folders
          </a>
        </li>
        {steps.map((step, index) => (
          <li key={`${index}${step}`}>
            <a
              href={href("files", where, ...steps.slice(0, index + 1))}
              aria-current={index === steps.length - 1 ? "page" : undefined}
            >
              {index === 0 ? <FolderName id={step} /> : <Name>{step}</Name>}
            </a>
          </li>
        ))}
      </ol>
    </nav>
  );
}

function Folders({ where }: { readonly where: string }): JSX.Element {
  const answer = useData(
    async (signal) =>
      (await collectAt(peerOf(where), "list", {}, signal)).filter((line): line is FolderLine => line.type === "folder"),
    where,
    { live: where === HERE },
  );
  usePeerReturn(peerOf(where), answer.reload);
  return (
    <Answer of={answer} loading="Asking for the folders…">
      {(folders) => <FolderList where={where} folders={folders} />}
    </Answer>
  );
}

function FolderList(props: { readonly where: string; readonly folders: readonly FolderLine[] }): JSX.Element {
  const { where, folders } = props;
  if (folders.length === 0) return <Empty icon="folder" title="No folder is shared with you here" />;
  return (
    <ul class="entries">
      {folders.map(({ path, label, files, size }) => (
        <li class="entry" key={path}>
          <Icon name="folder" />
          <a class="entry-name" href={href("files", where, path)}>
            <Name>{label}</Name>
          </a>
          <span class="entry-fact number">{plural(files, "file")}</span>
          <span class="entry-fact number">{bytes(size)}</span>
        </li>
      ))}
    </ul>
  );
}

function peerOf(where: string): string | undefined {
  return where === HERE ? undefined : where;
}
