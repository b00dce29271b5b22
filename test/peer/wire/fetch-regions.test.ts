import { expect, test } from "vitest";
import {
  decodeFetchRegions,
  encodeFetchRegions,
  encodeRegionPart,
  RegionsAnswerReader,
} from "../../../src/peer/wire/fetch-regions.ts";
import { LIMITS } from "../../../src/shared/limits.ts";
import type { WantedRegion } from "../../../src/shared/messages.ts";
import { content, folder, path } from "./samples.ts";

const fault = expect.objectContaining({ code: "E_PROTOCOL" });
const region = (offset: number, size: number): WantedRegion => ({ offset, size, query: Uint8Array.of(1, 2) });
const request = (regions: readonly WantedRegion[]) => ({ folder, path: path("a"), contentId: content("a"), regions });
const regions = [region(5, 40_000), region(100_000, 7)];

test("a request comes back as it was", () => {
  expect(decodeFetchRegions(encodeFetchRegions(request(regions)))).toEqual(request(regions));
});

test.each([
  { name: "nothing", regions: [] },
  { name: "no bytes", regions: [region(0, 0)] },
  { name: "a region above the limit", regions: [region(0, LIMITS.regionBytes.value + 1)] },
  { name: "more bytes than one request may", regions: [region(0, LIMITS.requestBytes.value), region(2 ** 23, 1)] },
  { name: "bytes behind every file", regions: [region(LIMITS.fileBytes.value, 1)] },
  {
    name: "more regions than one request may",
    regions: Array.from({ length: LIMITS.requestItems.value + 1 }, (_, i) => region(i, 1)),
  },
])("a request for $name is refused", (row) => {
  expect(() => decodeFetchRegions(encodeFetchRegions(request(row.regions)))).toThrow(fault);
});

const long = new Uint8Array(300).fill(9);
const answer = Buffer.concat([encodeRegionPart(long), encodeRegionPart(undefined)]);

test("an answer cut anywhere says what is here", () => {
  for (let at = 0; at <= answer.length; at++) {
    const reader = new RegionsAnswerReader(regions);
    reader.take(answer.subarray(0, at));
    reader.take(answer.subarray(at));
    expect(reader.finish()).toEqual({ answers: [long, undefined] });
  }
});

test.each([
  { name: "cut off", bytes: answer.subarray(0, -1) },
  { name: "cut off in its bytes", bytes: answer.subarray(0, 20) },
  { name: "empty", bytes: new Uint8Array() },
  { name: "longer than asked for", bytes: Uint8Array.of(...answer, 0) },
  { name: "longer than the region can be", bytes: Buffer.concat([answer.subarray(0, -1), encodeRegionPart(long)]) },
  { name: "of an endless length", bytes: Uint8Array.of(255, 255, 255, 255, 255, 1) },
  { name: "more than all regions can take", bytes: new Uint8Array(50_000) },
])("an answer that is $name is refused", ({ bytes }) => {
  const reader = new RegionsAnswerReader(regions);
  expect(() => {
    reader.take(bytes);
    reader.finish();
  }).toThrow(fault);
});
