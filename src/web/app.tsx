/** The frame around every page: what node this is, how it is, and where to go. */
import { computed, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { RouteName } from "../shared/api-routes.ts";
import { isLost } from "./api/client.ts";
import { link, may, session, signOut, status, trouble } from "./api/live.ts";
import { ActivityPage } from "./pages/activity.tsx";
import { ConflictsPage } from "./pages/conflicts.tsx";
import { DoctorPage } from "./pages/doctor.tsx";
import { FilesPage } from "./pages/files.tsx";
import { FolderPage } from "./pages/folder.tsx";
import { FoldersPage } from "./pages/folders.tsx";
import { HistoryPage } from "./pages/history.tsx";
import { HomePage } from "./pages/home.tsx";
import { LogsPage } from "./pages/logs.tsx";
import { OwnPasswordDialog } from "./pages/own-password.tsx";
import { PeersPage } from "./pages/peers.tsx";
import { SettingsPage } from "./pages/settings.tsx";
import { SignInPage } from "./pages/sign-in.tsx";
import { StatisticsPage } from "./pages/statistics.tsx";
import { TransfersPage } from "./pages/transfers.tsx";
import { UsersPage } from "./pages/users.tsx";
import { href, place } from "./route.ts";
import { chooseScheme, scheme } from "./scheme.ts";
import { overview } from "./text/overview.ts";
import { Button, Card, Empty, Loading, Page, State, Words, wordsOf } from "./ui/basics.tsx";
import { Bell } from "./ui/bell.tsx";
import { Questions, ToastsBehind } from "./ui/dialog.tsx";
import { Icon, type IconName } from "./ui/icon.tsx";

interface Entry {
  readonly page: string;
  readonly title: string;
  readonly icon: IconName;
  readonly show: () => JSX.Element;
  /** What it shows; who may not call that sees nothing of the page. */
  readonly of: RouteName;
}

const ENTRIES: readonly Entry[] = [
  { page: "home", title: "Home", icon: "home", show: () => <HomePage />, of: "status" },
  { page: "files", title: "Files", icon: "file", show: () => <FilesPage />, of: "list" },
  { page: "folders", title: "Folders", icon: "folder", show: () => folders(), of: "folderList" },
  { page: "transfers", title: "Transfers", icon: "transfer", show: () => <TransfersPage />, of: "transferList" },
  { page: "peers", title: "Peers", icon: "peers", show: () => <PeersPage />, of: "peerList" },
  { page: "conflicts", title: "Conflicts", icon: "conflict", show: () => <ConflictsPage />, of: "conflictList" },
  { page: "history", title: "History", icon: "history", show: () => <HistoryPage />, of: "trashList" },
  { page: "statistics", title: "Statistics", icon: "stats", show: () => <StatisticsPage />, of: "statsHistory" },
  { page: "activity", title: "Activity", icon: "activity", show: () => <ActivityPage />, of: "events" },
  { page: "logs", title: "Logs", icon: "log", show: () => <LogsPage />, of: "logs" },
  { page: "doctor", title: "Doctor", icon: "doctor", show: () => <DoctorPage />, of: "doctor" },
  { page: "users", title: "Users", icon: "users", show: () => <UsersPage />, of: "userList" },
  { page: "settings", title: "Settings", icon: "settings", show: () => <SettingsPage />, of: "configGet" },
];

function folders(): JSX.Element {
  const [id] = place.value.rest;
  return id === undefined ? <FoldersPage /> : <FolderPage id={id} key={id} />;
}

export function App(): JSX.Element {
  if (link.value === "signed-out") return <SignInPage />;
  if (session.value === undefined)
    return (
      <main class="sign-in">
        <Loading what={link.value === "lost" ? "Syncline does not answer; trying again…" : "Opening…"} />
      </main>
    );
  return <Shell />;
}

const MENU_BUTTON = "menu";

function Shell(): JSX.Element {
  const isOpen = useSignal(false);
  const entry = ENTRIES.find(({ page }) => page === place.value.page);
  return (
    <div class="shell">
      <button type="button" class="skip" onClick={skipToMain}>
        Skip to the page
      </button>
      <Top isOpen={isOpen.value} onMenu={() => (isOpen.value = !isOpen.value)} />
      <nav
        class={`nav ${isOpen.value ? "open" : ""}`}
        aria-label="Pages"
        onClick={() => (isOpen.value = false)}
        onKeyDown={(event) => {
          if (event.key !== "Escape" || !isOpen.value) return;
          isOpen.value = false;
          document.getElementById(MENU_BUTTON)?.focus();
        }}
      >
        <bdi class="nav-device">{status.value?.device.name ?? session.value?.device.name ?? ""}</bdi>
        <ul>
          {ENTRIES.filter(({ of }) => may(of)).map((one) => (
            <li key={one.page}>
              <a href={href(one.page)} aria-current={one === entry ? "page" : undefined}>
                <Icon name={one.icon} />
                {one.title}
                {one.page === "conflicts" && conflicts.value > 0 ? (
                  <span class="count">
                    {conflicts.value}
                    <span class="unseen"> open</span>
                  </span>
                ) : null}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <main class="content" id="main" tabIndex={-1}>
        {link.value === "lost" ? <Lost /> : null}
        {entry === undefined ? <NotFound /> : may(entry.of) ? entry.show() : <NoRight title={entry.title} />}
      </main>
      <ToastsBehind />
      <Questions />
    </div>
  );
}

const conflicts = computed(() => status.value?.folders.reduce((sum, folder) => sum + folder.conflicts, 0) ?? 0);

/** By a button: the address says which page is shown, so it is left alone. */
function skipToMain(): void {
  document.getElementById("main")?.focus();
}

/** Who is signed in with a password may change it. */
function OwnPassword({ user }: { readonly user: string }): JSX.Element {
  const isOpen = useSignal(false);
  return (
    <>
      <Button kind="quiet" icon="users" label={`Change the password of ${user}`} onPress={() => (isOpen.value = true)}>
        {null}
      </Button>
      {isOpen.value ? <OwnPasswordDialog user={user} onClose={() => (isOpen.value = false)} /> : null}
    </>
  );
}

function Top({ isOpen, onMenu }: { readonly isOpen: boolean; readonly onMenu: () => void }): JSX.Element {
  const user = session.value?.user ?? null;
  return (
    <header class="top">
      <span class="only-narrow">
        <Button kind="quiet" icon="menu" label="Pages" id={MENU_BUTTON} expanded={isOpen} onPress={onMenu}>
          {null}
        </Button>
      </span>
      <a class="brand" href="#/" aria-label="Syncline, home">
        <img src="/icon.svg" alt="" />
        <span>Syncline</span>
      </a>
      <bdi class="device" title="This device">
        {status.value?.device.name ?? session.value?.device.name ?? ""}
      </bdi>
      <span class="spring" />
      <Overall />
      <Bell />
      <Button
        kind="quiet"
        icon="moon"
        label={scheme.value === "dark" ? "Light colours" : "Dark colours"}
        onPress={chooseScheme}
      >
        {null}
      </Button>
      {user === null ? null : <OwnPassword user={user} />}
      <Button kind="quiet" icon="out" label={user === null ? "Sign out" : `Sign out ${user}`} onPress={signOut}>
        {null}
      </Button>
    </header>
  );
}

/** The state of the whole node, on every page. */
function Overall(): JSX.Element {
  if (link.value === "lost") return <State tone="warn">{isLost(trouble.value) ? "Not answering" : "Problems"}</State>;
  if (status.value === undefined) return <State tone="busy">Opening</State>;
  if (status.value.folders.length === 0) return <State tone="idle">No folder yet</State>;
  const { state, peers } = status.value;
  const { tone } = overview(status.value);
  // Nothing is pending, and nobody is there to be in sync with.
  const isAlone = tone === "idle" && state === "in-sync";
  const words = isAlone ? (peers.length === 0 ? "Not paired" : "Not connected") : OVERALL[state];
  return <State tone={tone}>{tone === "warn" ? "Needs you" : words}</State>;
}

const OVERALL = {
  "in-sync": "In sync",
  scanning: "Scanning",
  syncing: "Syncing",
  paused: "Paused",
  halted: "Halted",
  error: "Problems",
} as const;

function Lost(): JSX.Element {
  const { message, hint } = wordsOf(trouble.value);
  return (
    <p class="banner" role="alert">
      <Icon name="warn" />
      <span>
        <span class="strong">{message}</span> <Words text={hint} /> What you see may be old.
      </span>
    </p>
  );
}

function NoRight({ title }: { readonly title: string }): JSX.Element {
  return (
    <Page title={title}>
      <Card>
        <Empty icon="idle" title="Only an admin may see this">
          <p>Sign in as an admin, or ask one to look.</p>
        </Empty>
      </Card>
    </Page>
  );
}

function NotFound(): JSX.Element {
  return (
    <Page title="No such page">
      <Card>
        <Empty icon="search" title="There is nothing at this address">
          <a href="#/">Home</a>
        </Empty>
      </Card>
    </Page>
  );
}
