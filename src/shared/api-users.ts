/** The shapes of accounts, their sessions, and logins on other devices. Part of api.ts, which has the rules. */
import { z } from "zod";
import { count, nothing, peerRef, role, time } from "./api-pieces.ts";

/** Of any length that is worth an answer; what a name may be is said by user-rules.ts. */
const userText = z.string().max(255);
const password = z.string().max(4096);
const aboutUser = z.strictObject({ user: userText.min(1) });

const user = z.object({
  name: z.string(),
  role,
  createdAt: time,
  passwordAt: time,
  /** Browsers and devices that are signed in. */
  sessions: count,
});

const session = z.object({
  /** Names it, and opens nothing. */
  id: z.string(),
  /** Null: somebody came by a link of `syncline open`. */
  user: z.string().nullable(),
  role,
  kind: z.enum(["browser", "device"]),
  /** An address, or the id of a device; "" where it was not noted. */
  from: z.string(),
  /** What people here call the device. */
  fromName: z.string().nullable(),
  createdAt: time,
  /** To the hour. */
  seenAt: time,
});

export const USER_SHAPES = {
  userList: { input: nothing, output: z.object({ users: z.array(user) }) },
  userAdd: { input: z.strictObject({ name: userText, role: role.default("user"), password }), output: user },
  userRole: { input: aboutUser.extend({ role }), output: user.extend({ changed: z.boolean(), ended: count }) },
  userPassword: { input: aboutUser.extend({ password }), output: user.extend({ ended: count }) },
  /** Of whoever is signed in. */
  userOwnPassword: {
    input: z.strictObject({ current: password, password }),
    output: z.object({ ended: count }),
  },
  userSessions: {
    input: z.strictObject({ user: userText.optional() }),
    output: z.object({ sessions: z.array(session) }),
  },
  /** Without `session`: all of them. */
  userRevoke: {
    input: aboutUser.extend({ session: z.string().max(64).optional() }),
    output: z.object({ user: z.string(), ended: count }),
  },
  userRemove: { input: aboutUser, output: z.object({ name: z.string(), ended: count }) },

  login: {
    input: z.strictObject({ peer: peerRef, user: userText.min(1), password }),
    output: z.object({ peer: z.string(), device: z.string(), user: z.string(), role }),
  },
  /** Without `user`: of everybody who is signed in there from here. */
  logout: {
    input: z.strictObject({ peer: peerRef, user: userText.optional() }),
    output: z.object({
      peer: z.string(),
      device: z.string(),
      users: z.array(z.string()),
      /** Whether the other device has ended them, too; false while it cannot be reached. */
      ended: z.boolean(),
    }),
  },

  loginOpen: {
    input: z.strictObject({ user: userText, password }),
    output: z.object({ token: z.string().min(1).max(128), user: z.string().max(255), role }),
  },
  loginClose: { input: nothing, output: z.object({ closed: z.boolean() }) },
} as const;

export type UserView = z.output<typeof user>;
export type SessionShown = z.output<typeof session>;
