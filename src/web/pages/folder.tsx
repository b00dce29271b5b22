import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { Folder } from "../../shared/api-folders.ts";
import type { Problem as PathProblem } from "../../shared/api-pieces.ts";
import { call } from "../api/client.ts";
import { may, status } from "../api/live.ts";
import { go, href } from "../route.ts";
import { plural } from "../text/format.ts";
import { folderTone } from "../text/overview.ts";
import { Answer } from "../ui/answer.tsx";
import { Button, Card, Empty, Name, Page, State, Words } from "../ui/basics.tsx";
import { confirm } from "../ui/dialog.tsx";
import { Choice, Field, Form } from "../ui/form.tsx";
import { Icon } from "../ui/icon.tsx";
import { PathField } from "../ui/path-field.tsx";
import { attempt, say } from "../ui/toasts.tsx";
import { useData } from "../ui/use-data.ts";
import { MODES, RIGHTS, type Rights } from "./folders.tsx";
import { FolderProgress, Held } from "./home.tsx";

/** One folder, and everything that can be done with it. */
export function FolderPage({ id }: { readonly id: string }): JSX.Element {
  const answer = useData((signal) => call("folderShow", { folder: id }, signal), id, { live: true });
  const { value } = answer;
  return (
    <Page
      title={value?.label ?? "Folder"}
      actions={
        value === undefined ? undefined : <State tone={folderTone(value.state)}>{value.state.replace("-", " ")}</State>
      }
    >
      <Answer of={answer} loading="Asking for the folder…">
        {(folder) => <About folder={folder} reload={answer.reload} />}
      </Answer>
    </Page>
  );
}

function About({ folder, reload }: { readonly folder: Folder; readonly reload: () => Promise<void> }): JSX.Element {
  const act = async (work: () => Promise<unknown>, done: string): Promise<void> => {
    if (await attempt(work, done)) await reload();
  };
  return (
    <>
      <Card>
        <p class="muted small">
          <Name>{folder.path}</Name>
        </p>
        <FolderProgress folder={folder} />
        {may("folderPause") ? <Actions folder={folder} act={act} /> : null}
      </Card>
      <Problems folder={folder} />
      <Sharing folder={folder} act={act} />
      {may("folderIgnore") ? <Ignored folder={folder} reload={reload} /> : null}
      <WhyNot folder={folder} />
      {may("folderRemove") ? <Remove folder={folder} /> : null}
    </>
  );
}

type Act = (work: () => Promise<unknown>, done: string) => Promise<void>;

function Actions({ folder, act }: { readonly folder: Folder; readonly act: Act }): JSX.Element {
  const { id, paused, mode } = folder;
  return (
    <div class="actions">
      <Choice
        label="Direction"
        hideLabel={true}
        value={mode}
        options={MODES}
        onChange={(value) => act(() => call("folderMode", { folder: id, mode: value }), "The direction is changed")}
      />
      {paused ? (
        <Button icon="play" onPress={() => act(() => call("folderResume", { folder: id }), "The folder syncs again")}>
          Resume
        </Button>
      ) : (
        <Button icon="pause" onPress={() => act(() => call("folderPause", { folder: id }), "The folder is paused")}>
          Pause
        </Button>
      )}
      <Button icon="refresh" onPress={() => rescan(id)} disabled={paused}>
        Look at every file now
      </Button>
      {mode === "receive-only" ? (
        <Button icon="undo" onPress={() => oneSided(folder, "folderRevert")}>
          Take the others' state
        </Button>
      ) : null}
      {mode === "send-only" ? (
        <Button icon="up" onPress={() => oneSided(folder, "folderOverride")}>
          Make the others take this state
        </Button>
      ) : null}
    </div>
  );
}

async function rescan(folder: string): Promise<void> {
  await attempt(async () => {
    const { files, changed } = await call("folderRescan", { folder });
    say(`Looked at ${plural(files, "file")}: ${changed === 0 ? "nothing" : changed} had changed`);
  });
}

/** Shows first what would happen. */
async function oneSided({ id }: Folder, route: "folderRevert" | "folderOverride"): Promise<void> {
  await attempt(async () => {
    const { files, paths } = await call(route, { folder: id, dryRun: true });
    if (files === 0) {
      say("Nothing differs");
      return;
    }
    const isSure = await confirm(
      route === "folderRevert" ? "Take the others' state?" : "Make the others take this state?",
      <>
        <p>{plural(files, "file")} will change. What they hold now is kept as versions.</p>
        <Paths paths={paths} />
      </>,
      "Go on",
    );
    if (isSure) await call(route, { folder: id });
  });
}

const PATHS_SHOWN = 12;

function Paths({ paths }: { readonly paths: readonly string[] }): JSX.Element {
  return (
    <ul class="small">
      {paths.slice(0, PATHS_SHOWN).map((path) => (
        <li key={path}>
          <Name>{path}</Name>
        </li>
      ))}
      {paths.length > PATHS_SHOWN ? <li>and {plural(paths.length - PATHS_SHOWN, "more")}</li> : null}
    </ul>
  );
}

function Problems({ folder }: { readonly folder: Folder }): JSX.Element | null {
  const { id, heldDeletes, problems, problemsTotal } = folder;
  if (heldDeletes === 0 && problems.length === 0) return null;
  return (
    <Card title="What is not in sync, and why">
      {heldDeletes === 0 ? null : (
        <div class="notice warn">
          <Icon name="warn" />
          <div>
            <p class="strong">{plural(heldDeletes, "deletion is", "deletions are")} held</p>
            <p>So many at once may be a mistake. Look, then decide.</p>
            {may("folderApprove") ? (
              <div class="actions">
                <Held folder={id} />
              </div>
            ) : null}
          </div>
        </div>
      )}
      {problems.map((problem) => (
        <OneProblem problem={problem} folder={folder} key={`${problem.code}${problem.path}`} />
      ))}
      {problemsTotal > problems.length ? <p>And {plural(problemsTotal - problems.length, "more")}.</p> : null}
    </Card>
  );
}

/** A person who has looked says that the directory is the right one. */
const MARKER_FAULTS: ReadonlySet<string> = new Set(["E_MARKER_MISSING", "E_MARKER_WRONG"]);

function OneProblem({ problem, folder }: { readonly problem: PathProblem; readonly folder: Folder }): JSX.Element {
  const canRepair = MARKER_FAULTS.has(problem.code) && may("folderRepair");
  return (
    <div class="notice warn">
      <Icon name="warn" />
      <div>
        <p class="strong">
          <Name>{problem.path === "" ? folder.label : problem.path}</Name>
        </p>
        <p>
          {problem.message} <span class="muted small">({problem.code})</span>
        </p>
        <p>
          To do: <Words text={problem.fix} />
        </p>
        {canRepair ? <Button onPress={() => repair(folder)}>This is the right directory</Button> : null}
      </div>
    </div>
  );
}

async function repair({ id, path }: Folder): Promise<void> {
  const isSure = await confirm(
    "Is this the right directory?",
    `Look into ${path} first: is the disk mounted, and are its files there? If it is another or an empty directory, saying yes takes what it holds as the truth.`,
    "It is the right one",
  );
  if (isSure) await attempt(() => call("folderRepair", { folder: id }), "The folder goes on");
}

function Sharing({ folder, act }: { readonly folder: Folder; readonly act: Act }): JSX.Element {
  const peers = status.value?.peers ?? [];
  if (peers.length === 0)
    return (
      <Card title="Shared with">
        <Empty icon="peers" title="No other machine is paired">
          {may("peerInvite") ? (
            <a class="button" href={href("peers")}>
              Pair one
            </a>
          ) : null}
        </Empty>
      </Card>
    );
  return (
    <Card title="Shared with">
      <ul class="feed">
        {peers.map(({ id, name }) => {
          const share = folder.shares.find((one) => one.id === id);
          const change = async (value: Rights): Promise<void> => {
            const about = { folder: folder.id, peer: id };
            if (value === "none") await act(() => call("folderUnshare", about), `No longer shared with ${name}`);
            else await act(() => call("folderShare", { ...about, rights: value }), `Shared with ${name}`);
          };
          return (
            <li key={id}>
              <span class="text">
                <Name>{name}</Name>
              </span>
              {may("folderShare") ? (
                <Choice
                  label={`What ${name} may do`}
                  hideLabel={true}
                  value={share?.rights ?? "none"}
                  options={RIGHTS}
                  onChange={change}
                />
              ) : (
                <span>{RIGHTS.find(([rights]) => rights === (share?.rights ?? "none"))?.[1]}</span>
              )}
            </li>
          );
        })}
      </ul>
    </Card>
  );
}

function Ignored(props: { readonly folder: Folder; readonly reload: () => Promise<void> }): JSX.Element {
  const { id, ignore } = props.folder;
  const pattern = useSignal("");
  const change = async (input: { readonly add?: string[]; readonly remove?: string[] }): Promise<void> => {
    if (await attempt(() => call("folderIgnore", { folder: id, ...input }))) {
      pattern.value = "";
      await props.reload();
    }
  };
  return (
    <Card title="Left out on this device">
      <p class="muted small">
        Patterns as in .gitignore, for this device alone. Patterns for all devices go into a file named .synclineignore
        in the folder.
      </p>
      {ignore.length === 0 ? null : (
        <ul class="feed">
          {ignore.map((one) => (
            <li key={one}>
              <code class="text">{one}</code>
              <Button
                kind="quiet"
                icon="close"
                label={`No longer leave out ${one}`}
                onPress={() => change({ remove: [one] })}
              >
                {null}
              </Button>
            </li>
          ))}
        </ul>
      )}
      <Form
        submit="Leave out"
        isInline={true}
        disabled={pattern.value.trim() === ""}
        onSubmit={() => change({ add: [pattern.value.trim()] })}
      >
        <Field
          label="Pattern"
          value={pattern.value}
          isCode={true}
          placeholder="*.tmp"
          onChange={(value) => (pattern.value = value)}
        />
      </Form>
    </Card>
  );
}

function WhyNot({ folder }: { readonly folder: Folder }): JSX.Element {
  const path = useSignal("");
  const answer = useSignal<{ readonly tone: "good" | "warn"; readonly text: string; readonly fix: string } | undefined>(
    undefined,
  );
  const ask = async (): Promise<void> => {
    await attempt(async () => {
      const { inSync, message, fix } = await call("why", { folder: folder.id, path: path.value.trim() });
      answer.value = { tone: inSync ? "good" : "warn", text: message, fix: fix ?? "" };
    });
  };
  return (
    <Card title="Why is a file not in sync?">
      <Form submit="Ask" isInline={true} onSubmit={ask}>
        <PathField
          label="Path in the folder"
          folder={folder.id}
          value={path.value}
          placeholder="docs/a.pdf"
          hint="Empty: the folder as a whole."
          onChange={(value) => (path.value = value)}
        />
      </Form>
      <div role="status">
        {answer.value === undefined ? null : (
          <div class={`notice ${answer.value.tone}`}>
            <Icon name={answer.value.tone === "good" ? "check" : "warn"} />
            <div>
              <p class="strong">{answer.value.text}</p>
              {answer.value.fix === "" ? null : (
                <p>
                  <Words text={answer.value.fix} />
                </p>
              )}
            </div>
          </div>
        )}
      </div>
    </Card>
  );
}

function Remove({ folder }: { readonly folder: Folder }): JSX.Element {
  const remove = async (): Promise<void> => {
    const isSure = await confirm(
      `Stop syncing ${folder.label}?`,
      "Its files stay where they are, here and on the other machines; they just no longer follow each other. Versions and trash stay, too.",
      "Stop syncing",
    );
    if (!isSure) return;
    if (await attempt(() => call("folderRemove", { folder: folder.id }), `${folder.label} no longer syncs here`))
      go("folders");
  };
  return (
    <div class="actions">
      <Button icon="trash" onPress={remove}>
        Stop syncing this folder
      </Button>
    </div>
  );
}
