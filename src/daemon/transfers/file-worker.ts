/** The entry of a transfer's own thread. */
import { parentPort, workerData } from "node:worker_threads";
import type { RelPath } from "../../shared/ids.ts";
import { releaseBytes } from "../../shared/release-bytes.ts";
import { DiskChunkSource } from "../net/chunk-source.ts";
import type { ServedFolder } from "../net/net-api.ts";
import { Handed, type Handlers, ThreadCalls, type ThreadPort } from "../net/thread-calls.ts";
import { silentLog } from "../silent-log.ts";
import type { FileCalls } from "./file-calls.ts";
import { LocalFiles } from "./local-files.ts";

export interface FileWorkerData {
  readonly indexFile: string;
  readonly folders: readonly ServedFolder[];
}

function handlersFor(files: LocalFiles, source: DiskChunkSource): Handlers<FileCalls> {
  return {
    look: async (paths) => paths.map((path) => files.look(path)),
    resolve: async (path) => files.resolve(path),
    count: async (root) => files.count(root),
    walk: async (root) => files.walk(root),
    next: async (entries) => files.next(entries),
    hash: async (path) => {
      const hashed = files.hash(path);
      return new Handed(hashed, [hashed.list.buffer]);
    },
    read: async (folder, requests) => {
      const answers = requests.map(({ path, contentId, offset, size }) => {
        const bytes = new Uint8Array(size);
        return source.read(folder, path, contentId, offset, bytes) ? bytes : null;
      });
      return new Handed(
        answers,
        answers.flatMap((bytes) => (bytes === null ? [] : [bytes.buffer])),
      );
    },
    chunkList: async (folder, path, contentId) => source.chunkList(folder, path as RelPath, contentId)?.slice() ?? null,
    offer: async (token, offered) => source.setOffer(token, offered),
    assemble: async (...[place, size, chunks, isFresh]) => files.assemble(place, size, chunks, isFresh),
    cutAnew: async (path, cut) => files.cutAnew(path, cut),
    writeStaged: async (place, pieces) => {
      files.writeStaged(place, pieces);
      for (const { bytes } of pieces) releaseBytes(bytes);
    },
    dropStaged: async (place) => files.dropStaged(place),
    readSmall: async (wanted) => wanted.map((file) => files.readSmall(file)),
    free: async (directory) => files.free(directory),
    install: async (place, file) => files.install(place, file),
    installSmall: async (batch) => files.installSmall(batch),
    installLink: async (target, text, take) => files.installLink(target, text, take),
    makeDirectory: async (root, path, mode) => files.makeDirectory(root, path, mode),
    remove: async (path) => files.remove(path),
  };
}

const { indexFile, folders } = workerData as FileWorkerData;
const source = new DiskChunkSource({ indexFile, log: silentLog });
source.setFolders(folders);
const port = parentPort as unknown as ThreadPort;
const calls = new ThreadCalls<Record<string, never>, FileCalls>(port);
calls.serve(handlersFor(new LocalFiles(), source));
port.on("message", (message) => void calls.take(message));
