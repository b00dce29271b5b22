/** The transfer routes of a node made of plain data. */
import type { NodeService } from "../../src/daemon/api/node-service.ts";
import type { ServeTransferRoutes } from "../../src/daemon/commands/serve-transfer-routes.ts";
import type { TransferRoutes } from "../../src/daemon/commands/transfer-routes.ts";
import type { FileResult, TransferLine, TransferView } from "../../src/shared/api-transfers.ts";

const SAVED = { delta: 995_000, reuse: 0, compression: 0 };

export function fakeFile(changes: Partial<FileResult> = {}): FileResult {
  return {
    path: "big.iso",
    storedAs: "/home/ann/big.iso",
    fileBytes: 1_000_000,
    wireBytes: 5_000,
    saved: SAVED,
    transport: "tcp",
    why: "tcp is the connection that stands",
    hash: `sha256:${"ab".repeat(32)}`,
    durationMs: 1500,
    outcome: "stored",
    code: null,
    message: null,
    ...changes,
  };
}

export function fakeTransfer(changes: Partial<TransferView> = {}): TransferView {
  return {
    id: 7,
    kind: "download",
    side: "asked",
    direction: "in",
    device: "MFZWI3D-BONSGYC-YLTMRWG-C43ENR5-QXGZDMM-FZWI3D-BONSGYY-LTMRWAD",
    deviceName: "desk",
    user: null,
    folder: "docs",
    path: "big.iso",
    version: null,
    local: "/home/ann/big.iso",
    transport: "tcp",
    why: "tcp is the connection that stands",
    state: "done",
    code: null,
    message: null,
    files: 1,
    fileBytes: 1_000_000,
    wireBytes: 5_000,
    saved: SAVED,
    durationMs: 1500,
    bytesPerSecond: 666_667,
    startedAt: "2026-07-01T15:30:00.000Z",
    endedAt: "2026-07-01T15:30:01.500Z",
    canRetry: true,
    progress: null,
    ...changes,
  };
}

/** What an upload or download of these files says. */
export async function* fakeLines(...files: readonly FileResult[]): AsyncGenerator<TransferLine> {
  yield { type: "started", id: 7, device: "desk", folder: "docs", path: "big.iso", local: "/home/ann/big.iso" };
  for (const file of files) yield { type: "file", ...file };
  const failed = files.filter(({ code }) => code !== null).length;
  const stored = files.filter(({ outcome }) => outcome === "stored");
  const sum = (of: (file: FileResult) => number): number => stored.reduce((total, file) => total + of(file), 0);
  yield {
    type: "summary",
    id: 7,
    state: failed === 0 ? "done" : "partial",
    files: files.length,
    stored: stored.length,
    unchanged: files.filter(({ outcome }) => outcome === "unchanged").length,
    skipped: files.filter(({ outcome }) => outcome === "skipped").length,
    failed,
    transport: "tcp",
    why: "tcp is the connection that stands",
    fileBytes: sum(({ fileBytes }) => fileBytes),
    wireBytes: sum(({ wireBytes }) => wireBytes),
    saved: SAVED,
    durationMs: 1500,
  };
}

export const fakeTransferRoutes: TransferRoutes & ServeTransferRoutes & Pick<NodeService, "statsHistory"> = {
  download: () => fakeLines(fakeFile()),
  upload: () => fakeLines(fakeFile({ storedAs: "big.iso" })),
  async *transferList() {
    yield { type: "transfer", ...fakeTransfer() };
    yield { type: "summary", transfers: 1, running: 0, total: 1 };
  },
  udpOpen: async () => ({ opening: true }),
  transferPause: async ({ id }) => fakeTransfer({ id, state: "paused" }),
  transferResume: async ({ id }) => fakeTransfer({ id, state: "running" }),
  transferCancel: async ({ id }) => fakeTransfer({ id, state: "cancelled" }),
  transferRetry: () => fakeLines(fakeFile()),
  statsHistory: async ({ from, to }) => ({
    ...{ from, to: to ?? from, stretchMs: 60_000, points: [], peers: [] },
    totals: { sent: 0, received: 0, fileBytes: 0, saved: { delta: 0, reuse: 0, compression: 0 } },
  }),
  stats: async () => ({
    from: null,
    to: "2026-07-01T16:00:00.000Z",
    transfers: [fakeTransfer()],
    totals: { transfers: 1, files: 1, fileBytes: 1_000_000, wireBytes: 5_000, saved: SAVED, durationMs: 1500 },
  }),
  notices: async () => ({
    unread: 1,
    notices: [
      {
        id: 3,
        folder: "docs-k3v9q",
        path: "photo\u001B[2J.jpg",
        owner: "laptop",
        device: "MFZWI3D-BONSGYC-YLTMRWG-C43ENR5-QXGZDMM-FZWI3D-BONSGYY-LTMRWAD",
        deviceName: "desk",
        user: "bob",
        from: null,
        count: 2,
        firstAt: "2026-07-01T15:00:00.000Z",
        lastAt: "2026-07-01T15:30:00.000Z",
        read: false,
        message: "photo\u001B[2J.jpg was downloaded by desk (bob) 2 times",
      },
    ],
  }),
  async *downloadOpen() {
    yield { type: "opened", folder: "docs-k3v9q", name: "big.iso", fileType: "file", files: 1, bytes: 10 };
    yield { type: "end" };
  },
  uploadOpen: async () => ({ folder: "docs-k3v9q", into: true, freeBytes: 1_000_000_000 }),
  async *uploadTake() {
    yield { type: "end" };
  },
  transferClose: async () => ({ closed: true }),
  noticeTell: async ({ notices }) => ({ taken: notices.length }),
} satisfies Partial<NodeService>;
