import { expect, test } from "vitest";
import { completionOf, type Wish } from "../../../src/cli/completion/wishes.ts";

function said(wishes: readonly Wish[]): string {
  return wishes
    .map((wish) => (wish.type === "words" ? wish.candidates.map(({ value }) => value).join(" ") : wish.type))
    .join(" + ");
}

test.each([
  { words: ["sta"], contains: "status" },
  { words: ["l"], contains: " ls " },
  { words: ["peer", ""], contains: "invite list show" },
  { words: ["peer", "show", ""], contains: "peers" },
  { words: ["-q", "--home", "/x", "folder", "share", ""], contains: "folders" },
  { words: ["folder", "share", "docs", "--to", ""], contains: "peers" },
  { words: ["folder", "share", "docs", "--rights", ""], contains: "read write" },
  { words: ["folder", "mode", "docs", ""], contains: "two-way send-only receive-only" },
  { words: ["get", "x", "--transport", ""], contains: "auto tcp udp" },
  { words: ["get", "x", "--transport="], contains: "auto tcp udp" },
  { words: ["get", "-o", ""], contains: "files" },
  { words: ["up", ""], contains: "directories" },
  { words: ["put", "a", "b", ""], contains: "places + files" },
  { words: ["config", "get", ""], contains: "logLevel" },
  { words: ["completion", ""], contains: "bash zsh fish" },
  { words: ["put", "--on"], contains: "--on-duplicate" },
  { words: ["status", "--"], contains: "--json" },
])("$words → $contains", ({ words, contains }) => {
  expect(` ${said(completionOf(words).wishes)} `).toContain(contains);
});

test.each([
  { words: ["frobnicate", ""] },
  { words: ["status", ""] },
  { words: ["peer", "frobnicate", ""] },
  { words: ["status", "--", "-"] },
  { words: ["peer", "rename", "desk", ""] },
])("$words: nothing", ({ words }) => {
  expect(said(completionOf(words).wishes)).toBe("");
});

test("the words name the home that is asked", () => {
  expect(completionOf(["--home", "/a", "ls", ""]).home).toBe("/a");
  expect(completionOf(["ls", "--home=/b", ""]).home).toBe("/b");
});
