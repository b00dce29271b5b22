import { expect, test } from "vitest";
import type { FetchOptions, FetchSources } from "../../../src/sync/fetch/fetch-context.ts";
import type { FolderContext } from "../../../src/sync/folder-context.ts";
import { fetchContextOf } from "../../../src/sync/puller/sources.ts";

const sources = {} as FetchSources;

test("how a folder fetches follows its configuration while it runs", () => {
  let configured: FetchOptions = { delta: "off", compression: "on" };
  const context = { fetchOptions: () => configured } as unknown as FolderContext;
  const fetching = fetchContextOf(context, sources);
  expect(fetching.options).toEqual({ delta: "off", compression: "on" });
  configured = { delta: "auto", compression: "off" };
  expect(fetching.options).toEqual({ delta: "auto", compression: "off" });
});

test("where nothing is configured it is done where it pays", () => {
  expect(fetchContextOf({} as FolderContext, sources).options).toEqual({ delta: "auto", compression: "auto" });
});
