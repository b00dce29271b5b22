/** Takes an upload back: what replaced something gives way to what was there, what was new goes to the trash. */
import { callAt, callSession, collectAt } from "./client.ts";
import type { Remote } from "./download.ts";
import { removeUpload, type Upload } from "./upload.ts";

/** Here, or on the peer that it went to. Resolves with what could not be taken back, each as a sentence. */
export async function undoUpload(upload: Upload): Promise<readonly string[]> {
  const { id, folder } = upload.batch;
  const peer = upload.batch.peer === "self" ? undefined : upload.batch.peer;
  const faults: string[] = [];
  for (let since = 0; ; ) {
    const { files } = await callSession("batchShow", { id, since });
    if (files.length === 0) break;
    since += files.length;
    for (const { outcome, storedAs, hash } of files) {
      if (outcome !== "stored" || storedAs === null) continue;
      const fault = await undoFile({ peer, folder, path: storedAs }, hash).catch(String);
      if (fault !== undefined) faults.push(fault);
    }
  }
  await removeUpload(upload);
  return faults;
}

/** Left alone when it was changed since: then it is somebody's work. */
async function undoFile({ peer, folder, path }: Remote, hash: string | null): Promise<string | undefined> {
  const { versions } = await callAt(peer, "versions", { folder, path });
  const current = versions.find((version) => version.current);
  if (current === undefined) return `${path} is gone already`;
  if (current.hash !== null && hash !== null && current.hash !== hash) return `${path} was changed since, and stays`;
  const before = versions.filter(({ version, kept }) => kept && version < current.version).at(-1);
  if (before === undefined) await collectAt(peer, "delete", { folder, path });
  else await collectAt(peer, "restore", { folder, path, version: before.version });
  return undefined;
}
