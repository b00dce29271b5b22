/** Accounts of this node, who is signed in, and signing in on other devices. */
import type { RouteOutput, RouteRequest } from "../../shared/api.ts";
import type { SessionShown, UserView } from "../../shared/api-users.ts";
import { SyncError } from "../../shared/errors.ts";
import type { DeviceId } from "../../shared/ids.ts";
import { printable } from "../../shared/printable.ts";
import { LINK_USER } from "../../shared/user-rules.ts";
import type { Actor } from "../api/actor.ts";
import type { NodeService, RequestContext } from "../api/node-service.ts";
import { askPeer } from "../api/peer-commands.ts";
import { resolvePeer } from "../api/resolve-names.ts";
import type { Node } from "../node.ts";
import type { Account } from "../users/accounts.ts";
import type { Login } from "../users/logins.ts";
import type { SessionView } from "../users/session-book.ts";
import { peerAsker } from "./reach-peer.ts";

export type UserRoutes = Pick<
  NodeService,
  | "userList"
  | "userAdd"
  | "userRole"
  | "userPassword"
  | "userOwnPassword"
  | "userSessions"
  | "userRevoke"
  | "userRemove"
  | "login"
  | "logout"
  | "loginOpen"
  | "loginClose"
>;

/** How long the other device is waited for when a login is ended there. */
const END_MS = 5000;

export function userRoutes(node: Node): UserRoutes {
  const { users } = node.parts;
  const { accounts, sessions } = users;
  return {
    userList: async () => ({ users: accounts.all.map((account) => viewOf(node, account)) }),
    userAdd: async ({ name, role, password }, { actor }) => {
      const account = await accounts.add(name, role, password);
      audit(node, actor, "added", account.name, { role });
      return viewOf(node, account);
    },
    userRole: async ({ user, role }, { actor }) => {
      const { account, isChanged } = await accounts.setRole(user, role);
      const ended = isChanged ? sessions.closeAll(account.name) : 0;
      if (isChanged) audit(node, actor, "role", account.name, { role });
      return { ...viewOf(node, account), changed: isChanged, ended };
    },
    userPassword: async ({ user, password }, { actor, session }) => {
      const account = await accounts.setPassword(user, password);
      // Who changes his own stays signed in where he did.
      const ended = sessions.closeAll(account.name, session?.id);
      audit(node, actor, "password", account.name, {});
      return { ...viewOf(node, account), ended };
    },
    userOwnPassword: async ({ current, password }, { actor, session }) => {
      const { user } = actor;
      if (user === null) throw noPassword(actor);
      // Whoever finds an open page must not make it his own; guessing is slowed down as at any sign-in.
      await users.confirm({ user, password: current, from: `session ${session?.id}` });
      await accounts.setPassword(user, password);
      const ended = sessions.closeAll(user, session?.id);
      audit(node, actor, "password", user, {});
      return { ended };
    },
    userSessions: async ({ user }, { actor }) => {
      const asked = user ?? onlyAccount(actor);
      if (asked !== undefined) assertMayManage(actor, asked);
      const name = asked === undefined ? undefined : accounts.get(asked).name;
      return { sessions: sessions.list(name).map((session) => sessionShown(node, session)) };
    },
    userRevoke: async (request, context) => revoke(node, request, context),
    userRemove: async ({ user }, { actor }) => {
      const { name } = await accounts.remove(user);
      const ended = sessions.closeAll(name);
      audit(node, actor, "removed", name, {});
      return { name, ended };
    },
    login: (request, context) => login(node, request, context),
    logout: (request, context) => logout(node, request, context),
    loginOpen: async ({ user, password }, { actor }) => {
      const { device } = actor;
      if (device === null)
        throw new SyncError("E_USAGE", "on its own node, whoever can open it is admin", {
          hint: "sign in to the dashboard with `syncline open`",
        });
      const { name, role } = await users.signIn({ user, password, from: device });
      return { token: sessions.openFor(device, { user: name, role }), user: name, role };
    },
    loginClose: async (_request, { session, actor }) => {
      session?.end();
      if (session !== undefined) audit(node, actor, "signed-out", actor.user ?? "", {});
      return { closed: session !== undefined };
    },
  };
}

/** The one account whose sessions somebody may ask about; undefined for admins, who may about all. */
function onlyAccount(actor: Actor): string | undefined {
  if (actor.role === "admin") return undefined;
  if (actor.user !== null) return actor.user;
  throw new SyncError("E_NOT_ALLOWED", "sessions are shown to users of this device, and to its admins", {
    hint: "sign in with `syncline login`, and add --user NAME",
  });
}

/** Of his own sessions a user decides, of those of others an admin. */
function assertMayManage(actor: Actor, user: string): void {
  const own = onlyAccount(actor);
  if (own === undefined || own.toLowerCase() === user.toLowerCase()) return;
  throw new SyncError("E_NOT_ALLOWED", "sessions of others are for admins");
}

function noPassword({ device }: Actor): SyncError {
  return device === null
    ? new SyncError("E_USAGE", "whoever came by a link has no password", {
        hint: "set a user's: `syncline user password NAME`",
      })
    : new SyncError("E_USAGE", "a device has no password", { hint: "say whose with --user NAME" });
}

function viewOf(node: Node, { name, role, createdAtMs, passwordAtMs }: Account): UserView {
  return {
    name,
    role,
    createdAt: new Date(createdAtMs).toISOString(),
    passwordAt: new Date(passwordAtMs).toISOString(),
    sessions: node.parts.users.sessions.list(name).length,
  };
}

function sessionShown(node: Node, { createdMs, seenMs, ...facts }: SessionView): SessionShown {
  return {
    ...facts,
    fromName: facts.kind === "device" ? node.peers.nameOf(facts.from as DeviceId) : null,
    createdAt: new Date(createdMs).toISOString(),
    seenAt: new Date(seenMs).toISOString(),
  };
}

function revoke(
  node: Node,
  { user, session }: RouteRequest<"userRevoke">,
  { actor, session: asking }: RequestContext,
): RouteOutput<"userRevoke"> {
  const { accounts, sessions } = node.parts.users;
  assertMayManage(actor, user);
  // Over the login that ends, no answer could come any more; `logout` is for that.
  const spared = actor.device === null ? undefined : asking?.id;
  if (session !== undefined && session === spared)
    throw new SyncError("E_USAGE", `${session} is the login that asks`, {
      hint: `end it by \`syncline logout\``,
    });
  const name = user === LINK_USER ? null : accounts.get(user).name;
  const shown = name ?? LINK_USER;
  if (session !== undefined && !sessions.closeById(name, session))
    throw new SyncError("E_SESSION_NOT_FOUND", `${shown} has no session ${printable(session)}`, {
      hint: name === null ? "see `syncline user sessions`" : `see \`syncline user sessions ${name}\``,
    });
  const ended = session === undefined ? sessions.closeAll(name, spared) : 1;
  audit(node, actor, "revoked", shown, { sessions: ended });
  return { user: shown, ended };
}

/** Who did what to an account: in the log, and as an event for admins. */
function audit(
  { parts }: Node,
  actor: Actor,
  what: "added" | "role" | "password" | "removed" | "revoked" | "signed-out",
  user: string,
  data: Readonly<Record<string, unknown>>,
): void {
  const by = actor.user ?? actor.deviceName;
  parts.log.info("A user was changed", { what, user, by, ...data });
  parts.events.add({ type: `user.${what}`, user, device: actor.device, data: { ...data, by } });
}

async function login(
  node: Node,
  { peer, user, password }: RouteRequest<"login">,
  { signal, actor }: RequestContext,
): Promise<RouteOutput<"login">> {
  const asker = peerAsker(node);
  const there = await asker.reach(peer);
  if (there === undefined)
    throw new SyncError("E_USAGE", "that is this node: whoever can open it is admin here", {
      hint: "sign in to the dashboard with `syncline open`",
    });
  const answer = (await askPeer(
    asker,
    there,
    "loginOpen",
    { user, password },
    { signal, actor },
  )) as RouteOutput<"loginOpen">;
  const { device } = there;
  const { logins } = node.parts.users;
  // The one before is of no use any more, here or there.
  const before = logins.of(device).filter((one) => one.user.toLowerCase() === answer.user.toLowerCase());
  await logins.put({ device, user: answer.user, role: answer.role, token: answer.token, atMs: node.parts.clock.now() });
  for (const one of before) await endThere(node, one, actor);
  node.parts.log.info("Signed in on a device", { device: asker.nameOf(device), user: answer.user });
  return { peer: asker.nameOf(device), device, user: answer.user, role: answer.role };
}

async function logout(
  node: Node,
  { peer, user }: RouteRequest<"logout">,
  { actor }: RequestContext,
): Promise<RouteOutput<"logout">> {
  const { logins } = node.parts.users;
  const device = resolvePeer(node.parts.context.config.get(), peer);
  const name = node.peers.nameOf(device);
  const meant = user === undefined ? logins.of(device) : [logins.get(device, user, name)];
  let ended = true;
  for (const one of meant) {
    ended = (await endThere(node, one, actor)) && ended;
    await logins.remove(one);
  }
  return { peer: name, device, users: meant.map((one) => one.user), ended };
}

/** Ends a session on the device that gave it out; false when it cannot be told. */
async function endThere(node: Node, { device, token }: Login, actor: Actor): Promise<boolean> {
  const peer = node.peers.connectionOf(device as DeviceId);
  if (peer === undefined) return false;
  const asker = { ...peerAsker(node), sessionOf: () => token };
  const context = { signal: AbortSignal.timeout(END_MS), actor, asUser: "" };
  try {
    await askPeer(asker, peer, "loginClose", {}, context);
    return true;
  } catch (error) {
    // It is over there already.
    return error instanceof SyncError && error.code === "E_NOT_SIGNED_IN";
  }
}
