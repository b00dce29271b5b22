/** A pair of nodes with something of everything, and a window for each who may be signed in there. */
import { randomBytes } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { goTo, type Scene, signInByPassword } from "../support/scene.ts";
import { FOLDER, PEER } from "./said.ts";

/** Who runs the node comes by a link; the others, an admin and a user, by their passwords. */
export type Who = "link" | "root" | "bob";

export const USERS = [
  { name: "root", role: "admin", password: "roots own words" },
  { name: "bob", role: "user", password: "bobs own words" },
] as const;
/** More than goes at once, and at its rate not done before the tests are. */
const SLOW_BYTES = 1_000_000;
const SLOW_RATE = "1k";

export interface Everything {
  readonly pages: Readonly<Record<Who, Page>>;
  /** Opens the page at an address as `said.ts` has it. */
  readonly go: (page: Page, at: string) => Promise<void>;
}

export async function everything(scene: Scene): Promise<Everything> {
  await scene.pair();
  const { anna } = scene;
  const { folders, peers } = await anna.json<{ folders: [{ id: string }]; peers: [{ id: string }] }>("status");
  await fill(scene, folders[0].id);
  for (const { name, role, password } of USERS) await anna.type(password, "user", "add", name, "--role", role);
  const [root, bob] = USERS.map(({ name, password }) => signInByPassword(scene, anna, name, password)) as [
    Promise<Page>,
    Promise<Page>,
  ];
  return {
    pages: { link: await scene.signedIn(anna), root: await root, bob: await bob },
    go: (page, at) => goTo(page, at.replace(FOLDER, folders[0].id).replace(PEER, peers[0].id)),
  };
}

/** Files, a conflict, a version, a deleted file, a transfer that is over and one under way. */
async function fill({ anna, bert }: Scene, folder: string): Promise<void> {
  for (const name of ["both.txt", "gone.txt"]) await writeFile(join(anna.directory, name), `${name}\n`);
  for (const name of ["deep", "void"]) await mkdir(join(anna.directory, name));
  await writeFile(join(anna.directory, "deep/inside.txt"), "inside\n");
  await anna.wait();
  await bert.json("folder", "pause", folder);
  await writeFile(join(anna.directory, "both.txt"), "from anna\n");
  await writeFile(join(bert.directory, "both.txt"), "from bert\n");
  await writeFile(join(bert.directory, "hello.txt"), "hello again\n");
  await rm(join(bert.directory, "gone.txt"));
  await bert.json("folder", "resume", folder);
  await bert.wait();
  await anna.json("download", "bert:anna-files/hello.txt", "-o", anna.home);
  const slow = join(anna.home, "slow.bin");
  await writeFile(slow, randomBytes(SLOW_BYTES));
  // Goes on until its daemon ends.
  void anna.run("upload", slow, "bert:anna-files/slow.bin", "--limit", SLOW_RATE);
}
