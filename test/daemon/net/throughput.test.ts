import { randomFillSync } from "node:crypto";
import { expect, test } from "vitest";
import { parseRelPath } from "../../../src/shared/ids.ts";
import type { ChunkRequest } from "../../../src/shared/messages.ts";
import { content } from "../../peer/wire/samples.ts";
import { addFile, connectedPair, FOLDER, TestNode } from "./nodes.ts";

const FILE_BYTES = 32 * 1024 * 1024;
const ROUNDS = 8;
const CHUNK_BYTES = 64 * 1024;

test("256 MiB of chunks arrive whole over loopback", async () => {
  await using a = await TestNode.startInThread();
  await using b = await TestNode.startInThread();
  await connectedPair(a, b);
  const bytes = randomFillSync(Buffer.alloc(FILE_BYTES));
  await addFile(b, "big.bin", bytes, content("b"));
  const requests: ChunkRequest[] = [];
  for (let offset = 0; offset < FILE_BYTES; offset += CHUNK_BYTES) {
    requests.push({ path: parseRelPath("big.bin"), contentId: content("b"), offset, size: CHUNK_BYTES });
  }
  let said = 0;
  const startedAt = performance.now();
  for (let round = 0; round < ROUNDS; round++) {
    const { answer, wire } = await a.peer.fetchChunks(FOLDER, requests, AbortSignal.timeout(30_000));
    said += wire.received;
    if (round === 0) expect(Buffer.concat(answer as Uint8Array[]).equals(bytes)).toBe(true);
    else expect(answer.every((part) => part?.length === CHUNK_BYTES)).toBe(true);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const { received } = await a.net.counters();
  expect(received).toBeGreaterThan(FILE_BYTES * ROUNDS);
  // What the answers say they took is what the socket counted, but for what else was said.
  expect(Math.abs(received - said)).toBeLessThan(received * 0.01);
  expect(received).toBeLessThan(FILE_BYTES * ROUNDS * 1.02);
  process.stdout.write(`chunk replies over loopback: ${((FILE_BYTES * ROUNDS) / 1e6 / seconds).toFixed(0)} MB/s\n`);
}, 60_000);
