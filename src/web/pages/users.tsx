import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { RouteOutput } from "../../shared/api.ts";
import { LINK_USER, passwordFault, userNameFault } from "../../shared/user-rules.ts";
import { call } from "../api/client.ts";
import { session } from "../api/live.ts";
import { plural } from "../text/format.ts";
import { Answer } from "../ui/answer.tsx";
import { Ago, Button, Card, Empty, Name, Page } from "../ui/basics.tsx";
import { confirm, Dialog } from "../ui/dialog.tsx";
import { Choice, Field, Form } from "../ui/form.tsx";
import { attempt } from "../ui/toasts.tsx";
import { useData } from "../ui/use-data.ts";
import { NewPassword } from "./new-password.tsx";

const ROLES = [
  ["user", "User: files, and deletes own ones"],
  ["admin", "Admin: everything"],
] as const;

type UserView = RouteOutput<"userList">["users"][number];
type SessionShown = RouteOutput<"userSessions">["sessions"][number];
type Open = { readonly what: "add" } | { readonly what: "password"; readonly user: UserView };

export function UsersPage(): JSX.Element {
  const open = useSignal<Open | undefined>(undefined);
  const users = useData((signal) => call("userList", {}, signal), "users", { live: true });
  const sessions = useData((signal) => call("userSessions", {}, signal), "sessions", { live: true });
  const reload = async (): Promise<void> => void (await Promise.all([users.reload(), sessions.reload()]));
  const close = (): void => {
    open.value = undefined;
    void reload();
  };
  return (
    <Page
      title="Users"
      actions={
        <Button icon="plus" kind="main" onPress={() => (open.value = { what: "add" })}>
          Add a user
        </Button>
      }
    >
      <Answer of={users} loading="Asking for the users…">
        {({ users: all }) =>
          all.length === 0 ? (
            <Card>
              <Empty icon="users" title="Nobody has an account yet">
                <p>
                  Add an admin first. Users sign in here, and from paired devices: syncline login DEVICE --user NAME
                </p>
              </Empty>
            </Card>
          ) : (
            all.map((user) => (
              <UserCard
                user={user}
                key={user.name}
                onPassword={() => (open.value = { what: "password", user })}
                reload={reload}
              />
            ))
          )
        }
      </Answer>
      <Card title="Signed in">
        <Answer of={sessions} loading="Asking who is signed in…">
          {(value) => <Sessions sessions={value.sessions} reload={reload} />}
        </Answer>
      </Card>
      {open.value?.what === "add" ? <AddDialog isFirst={users.value?.users.length === 0} onClose={close} /> : null}
      {open.value?.what === "password" ? <PasswordDialog user={open.value.user} onClose={close} /> : null}
    </Page>
  );
}

interface UserCardProps {
  readonly user: UserView;
  readonly onPassword: () => void;
  readonly reload: () => Promise<void>;
}

function UserCard({ user, onPassword, reload }: UserCardProps): JSX.Element {
  const { name, role, sessions } = user;
  const change = async (work: () => Promise<unknown>, done: string): Promise<void> => {
    await attempt(work, done);
    await reload();
  };
  return (
    <Card title={<Name>{name}</Name>} actions={isSelf(name) ? <span class="muted small">you</span> : undefined}>
      <dl class="facts">
        <dt>Signed in</dt>
        <dd>{sessions === 0 ? "nowhere" : plural(sessions, "session")}</dd>
        <dt>Made</dt>
        <dd>
          <Ago time={user.createdAt} />
        </dd>
        <dt>Password set</dt>
        <dd>
          <Ago time={user.passwordAt} />
        </dd>
      </dl>
      <div class="actions">
        <Choice
          label={`Role of ${name}`}
          hideLabel={true}
          value={role}
          options={ROLES}
          onChange={(next) =>
            change(() => call("userRole", { user: name, role: next }), `${name} has another role now`)
          }
        />
        <Button icon="edit" label={`Set the password of ${name}`} onPress={onPassword}>
          Password
        </Button>
        <Button
          icon="out"
          label={`Sign out ${name} everywhere`}
          disabled={sessions === 0}
          onPress={() => change(() => call("userRevoke", { user: name }), `${name} is signed out everywhere`)}
        >
          Sign out
        </Button>
        <Button icon="trash" label={`Remove ${name}`} onPress={() => remove(name, reload)}>
          Remove
        </Button>
      </div>
    </Card>
  );
}

function isSelf(name: string): boolean {
  return session.value?.user === name;
}

async function remove(name: string, reload: () => Promise<void>): Promise<void> {
  const isSure = await confirm(
    `Remove ${name}?`,
    `Nobody can sign in as ${name} any more, and whoever is signed in as ${name} is signed out. Files keep their owner.`,
    "Remove",
  );
  if (isSure && (await attempt(() => call("userRemove", { user: name }), `${name} is removed`))) await reload();
}

interface SessionsProps {
  readonly sessions: readonly SessionShown[];
  readonly reload: () => Promise<void>;
}

/** Everybody who is signed in, from browsers and from devices. */
function Sessions({ sessions, reload }: SessionsProps): JSX.Element {
  return (
    <table class="table">
      <thead>
        <tr>
          <th scope="col">Who</th>
          <th scope="col">From</th>
          <th scope="col">Last used</th>
          <th scope="col">
            <span class="unseen">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {sessions.map((one) => (
          <SessionRow session={one} reload={reload} key={one.id} />
        ))}
      </tbody>
    </table>
  );
}

function SessionRow({
  session: one,
  reload,
}: {
  readonly session: SessionShown;
  readonly reload: () => Promise<void>;
}): JSX.Element {
  const who = one.user ?? "By a link";
  const from = one.kind === "device" ? (one.fromName ?? one.from) : one.from;
  const end = async (): Promise<void> => {
    await attempt(() => call("userRevoke", { user: one.user ?? LINK_USER, session: one.id }), "The session is over");
    await reload();
  };
  return (
    <tr>
      <td>
        <Name>{who}</Name>
      </td>
      <td data-label="From">
        {one.kind === "device" ? "device " : "browser "}
        <Name>{from}</Name>
      </td>
      <td data-label="Last used">
        <Ago time={one.seenAt} />
      </td>
      <td>
        <Button kind="quiet" icon="close" label={`End the session of ${who} from ${from}`} onPress={end}>
          {null}
        </Button>
      </td>
    </tr>
  );
}

function AddDialog({ isFirst, onClose }: { readonly isFirst: boolean; readonly onClose: () => void }): JSX.Element {
  const name = useSignal("");
  const role = useSignal<"user" | "admin">(isFirst ? "admin" : "user");
  const password = useSignal("");
  const again = useSignal("");
  const nameFault = userNameFault(name.value);
  const fault = passwordFault(password.value, name.value);
  return (
    <Dialog title="Add a user" onClose={onClose}>
      <Form
        submit="Add"
        disabled={nameFault !== undefined || fault !== undefined || password.value !== again.value}
        onSubmit={async () => {
          const input = { name: name.value, role: role.value, password: password.value };
          if (await attempt(() => call("userAdd", input), `${name.value} is added`)) onClose();
        }}
      >
        <Field
          label="Name"
          value={name.value}
          autoFocus={true}
          hint={name.value === "" ? undefined : nameFault}
          onChange={(value) => (name.value = value)}
        />
        <Choice label="Role" value={role.value} options={ROLES} onChange={(value) => (role.value = value)} />
        <NewPassword password={password} again={again} fault={fault} />
      </Form>
    </Dialog>
  );
}

function PasswordDialog({ user, onClose }: { readonly user: UserView; readonly onClose: () => void }): JSX.Element {
  const password = useSignal("");
  const again = useSignal("");
  const fault = passwordFault(password.value, user.name);
  const input = { user: user.name, password: password.value };
  return (
    <Dialog title={`Set the password of ${user.name}`} onClose={onClose}>
      <Form
        submit="Set"
        disabled={fault !== undefined || password.value !== again.value}
        onSubmit={async () => {
          if (await attempt(() => call("userPassword", input), `${user.name} has another password now`)) onClose();
        }}
      >
        <p class="muted small">Whoever is signed in as {user.name} elsewhere is signed out.</p>
        <NewPassword password={password} again={again} fault={fault} />
      </Form>
    </Dialog>
  );
}
