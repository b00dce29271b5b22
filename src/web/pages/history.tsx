import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import type { RestoreItem, TrashItem } from "../../shared/api-versions.ts";
import { call, collect } from "../api/client.ts";
import { download, type Remote } from "../api/download.ts";
import { may, status } from "../api/live.ts";
import { go, href, place } from "../route.ts";
import { bytes, plural } from "../text/format.ts";
import { Answer } from "../ui/answer.tsx";
import { Ago, Button, Card, Empty, Name, Page } from "../ui/basics.tsx";
import { confirm, Dialog } from "../ui/dialog.tsx";
import { FolderName } from "../ui/folder-name.tsx";
import { Choice, Field, Form } from "../ui/form.tsx";
import { FindField, isLong, type ListPage, Pages, useListPage } from "../ui/pages.tsx";
import { PathField } from "../ui/path-field.tsx";
import { FilePreview } from "../ui/preview.tsx";
import { attempt, say } from "../ui/toasts.tsx";
import { useData } from "../ui/use-data.ts";
import { sayRestored } from "./say-restored.ts";
import { VersionList } from "./version-list.tsx";

const TABS = [
  ["trash", "Deleted files"],
  ["versions", "Versions of a file"],
  ["moment", "Back to a time"],
] as const;

/** What was: deleted files, old versions, and a folder as it stood at a time. */
export function HistoryPage(): JSX.Element {
  const tab = place.value.rest[0] ?? "trash";
  return (
    <Page title="History">
      <nav class="tabs" aria-label="Kinds of history">
        {TABS.map(([name, title]) => (
          <a key={name} href={href("history", name)} aria-current={tab === name ? "page" : undefined}>
            {title}
          </a>
        ))}
      </nav>
      {tab === "versions" ? <Versions key={place.value.query.toString()} /> : tab === "moment" ? <Moment /> : <Trash />}
    </Page>
  );
}

function Trash(): JSX.Element {
  const page = useListPage();
  const answer = useData((signal) => trashOf(page, signal), JSON.stringify(page.input), {
    ...{ live: true, keeps: true },
  });
  return (
    <Answer of={answer} loading="Looking into the trash…">
      {(value) => <Deleted {...value} page={page} reload={answer.reload} />}
    </Answer>
  );
}

interface DeletedProps extends TrashPage {
  readonly page: ListPage;
  readonly reload: () => Promise<void>;
}

function Deleted({ rows, total, size, page, reload }: DeletedProps): JSX.Element {
  if (total === 0 && !isLong(total, page))
    return (
      <Card>
        <Empty icon="trash" title="Nothing was deleted">
          <p>Deleted files are kept here for a while, whichever machine deleted them.</p>
        </Empty>
      </Card>
    );
  return (
    <Card
      title={`${plural(total, "deleted file")}, ${bytes(size)}`}
      actions={
        may("trashEmpty") ? (
          <Button icon="trash" onPress={() => empty(reload)}>
            Empty the trash
          </Button>
        ) : undefined
      }
    >
      {isLong(total, page) ? <FindField page={page} /> : null}
      {rows.length === 0 ? (
        <Empty icon="trash" title="No deleted file is like that" />
      ) : (
        <TrashTable rows={rows} reload={reload} />
      )}
      {isLong(total, page) ? <Pages page={page} total={total} shown={rows.length} /> : null}
    </Card>
  );
}

interface TrashPage {
  readonly rows: readonly TrashItem[];
  readonly total: number;
  /** Bytes of all of them. */
  readonly size: number;
}

async function trashOf({ input }: ListPage, signal: AbortSignal): Promise<TrashPage> {
  const lines = await collect("trashList", input, signal);
  const summary = lines.find((line) => line.type === "summary");
  return {
    rows: lines.filter((line) => line.type === "item"),
    total: summary?.items ?? 0,
    size: summary?.bytes ?? 0,
  };
}

function TrashTable({
  rows,
  reload,
}: {
  readonly rows: readonly TrashItem[];
  readonly reload: () => Promise<void>;
}): JSX.Element {
  const shown = useSignal<TrashItem | undefined>(undefined);
  return (
    <>
      <table class="table">
        <thead>
          <tr>
            <th>File</th>
            <th>Folder</th>
            <th class="right">Size</th>
            <th>Deleted</th>
            <th>
              <span class="unseen">What to do</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((item) => (
            <TrashRow
              key={`${item.folder}/${item.path}/${item.version}`}
              item={item}
              onLook={() => (shown.value = item)}
              reload={reload}
            />
          ))}
        </tbody>
      </table>
      {shown.value === undefined ? null : (
        <Dialog title={shown.value.path} onClose={() => (shown.value = undefined)} isDrawer>
          <FilePreview what={deleted(shown.value)} name={shown.value.path} />
        </Dialog>
      )}
    </>
  );
}

function TrashRow(props: {
  readonly item: TrashItem;
  readonly onLook: () => void;
  readonly reload: () => Promise<void>;
}): JSX.Element {
  const { item, onLook, reload } = props;
  const { folder, path, size, deletedAt, device } = item;
  return (
    <tr>
      <td class="wide">
        <Name>{path}</Name>
      </td>
      <td data-label="Folder">
        <FolderName id={folder} />
      </td>
      <td class="right number" data-label="Size">
        {bytes(size)}
      </td>
      <td data-label="Deleted">
        <Ago time={deletedAt} /> on <Name>{device}</Name>
      </td>
      <td>
        <div class="actions tight">
          <Button icon="undo" label={`Bring back ${path}`} onPress={() => bringBack(folder, path, reload)}>
            Bring back
          </Button>
          <Button kind="quiet" icon="search" label={`Look into ${path}`} onPress={onLook}>
            {null}
          </Button>
          <Button
            kind="quiet"
            icon="down"
            label={`Download ${path}`}
            onPress={() => attempt(() => download(deleted(item)))}
          >
            {null}
          </Button>
        </div>
      </td>
    </tr>
  );
}

/** What lies in the trash is a version of its path. */
function deleted({ folder, path, version }: TrashItem): Remote {
  return { peer: undefined, folder, path, version };
}

async function bringBack(folder: string, path: string, reload: () => Promise<void>): Promise<void> {
  await attempt(async () => {
    sayRestored(await collect("trashRestore", { folder, path }));
  });
  await reload();
}

async function empty(reload: () => Promise<void>): Promise<void> {
  await attempt(async () => {
    const { items, bytes: size } = await call("trashEmpty", { dryRun: true });
    const isSure = await confirm(
      "Empty the trash?",
      `${plural(items, "deleted file")} (${bytes(size)}) are removed from this machine for good.`,
      "Remove them for good",
    );
    if (!isSure) return;
    await call("trashEmpty", {});
    say("The trash is empty");
    await reload();
  });
}

/** The folder that the address names, or the first one. */
function useFolder(): { readonly folder: string; readonly field: ComponentChildren } {
  const folders = status.value?.folders ?? [];
  const named = place.value.query.get("folder");
  const chosen = useSignal(named ?? folders[0]?.id ?? "");
  const field = (
    <Choice
      label="Folder"
      value={chosen.value}
      options={folders.map(({ id, label }) => [id, label])}
      onChange={(value) => (chosen.value = value)}
    />
  );
  return { folder: chosen.value, field };
}

function Versions(): JSX.Element {
  const { folder, field } = useFolder();
  const path = useSignal(place.value.query.get("path") ?? "");
  const asked = useSignal(path.value);
  return (
    <Card>
      <Form
        submit="Show versions"
        disabled={path.value.trim() === ""}
        onSubmit={async () => {
          asked.value = path.value.trim();
        }}
      >
        <div class="row-fields">
          {field}
          <PathField
            label="Path in the folder"
            folder={folder}
            value={path.value}
            placeholder="docs/a.pdf"
            onChange={(value) => (path.value = value)}
          />
        </div>
      </Form>
      {asked.value === "" ? (
        <Empty icon="history" title="Name a file to see its versions">
          <p>What was replaced is kept for a while, whichever machine replaced it.</p>
        </Empty>
      ) : (
        <VersionList what={{ peer: undefined, folder, path: asked.value }} key={`${folder}/${asked.value}`} />
      )}
    </Card>
  );
}

function Moment(): JSX.Element {
  const { folder, field } = useFolder();
  const path = useSignal("");
  const at = useSignal("");
  const plan = useSignal<readonly RestoreItem[] | undefined>(undefined);
  const input = (dryRun: boolean) => ({
    folder,
    path: path.value.trim(),
    at: new Date(at.value).toISOString(),
    dryRun,
  });
  const show = async (): Promise<void> => {
    plan.value = undefined;
    await attempt(async () => {
      plan.value = await collect("restore", input(true));
    });
  };
  const carryOut = async (): Promise<void> => {
    await attempt(async () => {
      sayRestored(await collect("restore", input(false)));
      plan.value = undefined;
      go("history", "trash");
    });
  };
  return (
    <Card>
      <p>A folder, or a directory in it, as it was. What is there now is kept as versions and in the trash.</p>
      <Form submit="Show what would change" disabled={at.value === "" || folder === ""} onSubmit={show}>
        <div class="row-fields">
          {field}
          <PathField
            label="Directory in it"
            folder={folder}
            value={path.value}
            placeholder="all of it"
            onChange={(value) => {
              path.value = value;
              plan.value = undefined;
            }}
          />
          <Field
            label="As it was at"
            type="datetime-local"
            value={at.value}
            onChange={(value) => {
              at.value = value;
              plan.value = undefined;
            }}
          />
        </div>
      </Form>
      {plan.value === undefined ? null : <Plan items={plan.value} onGo={carryOut} />}
    </Card>
  );
}

const PLAN_SHOWN = 200;

function Plan({
  items,
  onGo,
}: {
  readonly items: readonly RestoreItem[];
  readonly onGo: () => Promise<void>;
}): JSX.Element {
  const changes = items.filter((item) => item.type !== "summary");
  if (changes.length === 0) return <Empty icon="check" title="Nothing would change: it is like that now" />;
  return (
    <div class="stack">
      <table class="table">
        <thead>
          <tr>
            <th>What</th>
            <th>File</th>
          </tr>
        </thead>
        <tbody>
          {changes.slice(0, PLAN_SHOWN).map((item) => (
            <tr key={`${item.type}${item.path}`}>
              <td>{PLAN_WORDS[item.type]}</td>
              <td class="wide">
                <Name>{item.path}</Name>
                {item.type === "skipped" ? <span class="muted small"> {item.message}</span> : null}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {changes.length > PLAN_SHOWN ? <p class="muted">And {plural(changes.length - PLAN_SHOWN, "more")}.</p> : null}
      <div class="actions end">
        <Button kind="main" icon="undo" onPress={onGo}>
          Restore it so
        </Button>
      </div>
    </div>
  );
}

const PLAN_WORDS = { restored: "comes back", removed: "goes to the trash", skipped: "cannot be restored" } as const;
