/** `syncline backup …`: the node itself in one file, closed with a passphrase. */
import { resolve } from "node:path";
import { SyncError } from "../../shared/errors.ts";
import { printable } from "../../shared/printable.ts";
import { textArgument } from "../arguments.ts";
import type { CommandHandler } from "../command-rows/command-row.ts";
import { readAgain, readSecret } from "../read-secret.ts";
import { plural } from "../render/format.ts";
import type { Session } from "../session.ts";
import { backups } from "../start-daemon.ts";

/** Whoever has the file can try passphrases for as long as he likes. */
const PASSPHRASE_LENGTH_MIN = 8;

type Summary = Awaited<ReturnType<Awaited<ReturnType<typeof backups>>["inspectBackup"]>>;

export const backupCreate: CommandHandler = async (session, args) => {
  const file = resolve(session.io.cwd, textArgument(args, 0));
  const passphrase = await newPassphrase(session);
  const summary = await (await backups()).createBackup(session.paths, file, passphrase);
  if (session.globals.json) session.json({ file, ...summary });
  else {
    session.say(`${session.style("green", "✓")} ${printable(file)}`);
    session.say(contentLine(summary));
    session.say("  Without the passphrase nobody opens it, you included. What lies in your folders is not in it.");
  }
};

export const backupRestore: CommandHandler = async (session, args) => {
  const file = resolve(session.io.cwd, textArgument(args, 0));
  const passphrase = await readSecret(session, "Passphrase: ", "passphrase");
  const { inspectBackup, restoreBackup } = await backups();
  const { dryRun } = session.globals;
  const home = session.paths.stateDir;
  const summary = await (dryRun ? inspectBackup(file, passphrase) : restoreBackup(session.paths, file, passphrase));
  if (session.globals.json) {
    session.json({ home, dryRun, ...summary });
    return;
  }
  session.say(
    dryRun
      ? `would restore into ${printable(home)}`
      : `${session.style("green", "✓")} restored into ${printable(home)}`,
  );
  session.say(contentLine(summary));
  if (dryRun) return;
  session.say("  Stop the node it was made of for good: two with the same key confuse every peer.");
  session.say("  A folder whose directory is new here waits for `syncline folder repair`.");
  session.say("  next: syncline up");
};

function contentLine({ device, createdAt, files, folders, peers, users }: Summary): string {
  const counts = [plural(folders, "folder"), plural(peers, "peer"), plural(users, "user")].join(", ");
  return printable(`  ${device.name} (${device.id.slice(0, 7)}), ${createdAt}: ${files.join(", ")}; ${counts}`);
}

async function newPassphrase(session: Session): Promise<string> {
  const passphrase = await readSecret(session, "New passphrase for the backup: ", "passphrase");
  if (passphrase.length < PASSPHRASE_LENGTH_MIN)
    throw new SyncError("E_USAGE", `the passphrase is too short: ${PASSPHRASE_LENGTH_MIN} characters at least`, {
      hint: "take a few words; nothing was written",
    });
  await readAgain(session, passphrase, "passphrase");
  return passphrase;
}
