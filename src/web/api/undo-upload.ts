/** Takes an upload back: what replaced something gives way to what was there, what was new goes to the trash. */
import { call, callSession, collect } from "./client.ts";
import { removeUpload, type Upload } from "./upload.ts";

/** Of a folder of this node. Resolves with what could not be taken back, each as a sentence. */
export async function undoUpload(upload: Upload): Promise<readonly string[]> {
  const { id, folder } = upload.batch;
  const faults: string[] = [];
  for (let since = 0; ; ) {
    const { files } = await callSession("batchShow", { id, since });
    if (files.length === 0) break;
    since += files.length;
    for (const { outcome, storedAs, hash } of files) {
      if (outcome !== "stored" || storedAs === null) continue;
      const fault = await undoFile(folder, storedAs, hash).catch((error: unknown) => String(error));
      if (fault !== undefined) faults.push(fault);
    }
  }
  await removeUpload(upload);
  return faults;
}

/** Left alone when it was changed since: then it is somebody's work. */
async function undoFile(folder: string, path: string, hash: string | null): Promise<string | undefined> {
  const { versions } = await call("versions", { folder, path });
  const current = versions.find((version) => version.current);
  if (current === undefined) return `${path} is gone already`;
  if (current.hash !== null && hash !== null && current.hash !== hash) return `${path} was changed since, and stays`;
  const before = versions.filter(({ version, kept }) => kept && version < current.version).at(-1);
  if (before === undefined) await collect("delete", { folder, path });
  else await collect("restore", { folder, path, version: before.version });
  return undefined;
}
