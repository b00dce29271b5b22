/** The routes about users of a node made of plain data. */
import type { UserRoutes } from "../../src/daemon/commands/user-routes.ts";
import type { UserView } from "../../src/shared/api-users.ts";

const DESK = "MFZWI3D-BONSGYC-YLTMRWG-C43ENR5-QXGZDMM-FZWI3D-BONSGYY-LTMRWAD";

function fakeUser(changes: Partial<UserView> = {}): UserView {
  return {
    ...{ name: "bob", role: "user", sessions: 1 },
    ...{ createdAt: "2026-06-01T10:00:00.000Z", passwordAt: "2026-06-01T10:00:00.000Z" },
    ...changes,
  };
}

export const fakeUserRoutes: UserRoutes = {
  userList: async () => ({ users: [fakeUser({ name: "ann", role: "admin" }), fakeUser()] }),
  userAdd: async ({ name, role }) => fakeUser({ name, role, sessions: 0 }),
  userRole: async ({ user, role }) => ({ ...fakeUser({ name: user, role }), changed: true, ended: 1 }),
  userPassword: async ({ user }) => ({ ...fakeUser({ name: user }), ended: 2 }),
  userOwnPassword: async () => ({ ended: 1 }),
  userSessions: async () => ({
    sessions: [
      {
        ...{ id: "0a1b2c3d4e", user: "bob", role: "user", kind: "device", from: DESK, fromName: "desk" },
        ...{ createdAt: "2026-07-01T10:00:00.000Z", seenAt: "2026-07-01T11:00:00.000Z" },
      },
      {
        ...{ id: "1a1b2c3d4e", user: null, role: "admin", kind: "browser", from: "127.0.0.1", fromName: null },
        ...{ createdAt: "2026-07-01T10:00:00.000Z", seenAt: "2026-07-01T11:00:00.000Z" },
      },
    ],
  }),
  userRevoke: async ({ user, session }) => ({ user, ended: session === undefined ? 2 : 1 }),
  userRemove: async ({ user }) => ({ name: user, ended: 0 }),
  login: async ({ user }) => ({ peer: "desk", device: DESK, user, role: "user" }),
  logout: async ({ user }) => ({ peer: "desk", device: DESK, users: [user ?? "bob"], ended: true }),
  loginOpen: async ({ user }) => ({ token: "t".repeat(43), user, role: "user" }),
  loginClose: async () => ({ closed: true }),
};
