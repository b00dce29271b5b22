import { expect, test } from "vitest";
import { bashReplacement, splitBashLine } from "../../../src/cli/completion/bash-line.ts";

test.each([
  { line: "syncline ", words: ["syncline", ""] },
  { line: "syncline  ls\t-l", words: ["syncline", "ls", "-l"] },
  { line: String.raw`syncline ls my\ docs/a\'b`, words: ["syncline", "ls", "my docs/a'b"] },
  { line: `syncline ls "my do`, words: ["syncline", "ls", "my do"] },
  { line: `syncline ls 'a\\b' "c\\"d\\e"`, words: ["syncline", "ls", "a\\b", 'c"d\\e'] },
  { line: `syncline ls ""`, words: ["syncline", "ls", ""] },
])("$line", ({ line, words }) => {
  expect(splitBashLine(line).words).toEqual(words);
});

test.each([
  { line: "syncline ls de", candidate: "desk:", replacement: "desk:" },
  { line: "syncline ls desk:do", candidate: "desk:docs/", replacement: "docs/" },
  { line: "syncline wait --peer=d", candidate: "--peer=desk", replacement: "desk" },
  {
    line: "syncline ls desk:docs/my",
    candidate: "desk:docs/my file's.txt",
    replacement: String.raw`docs/my\ file\'s.txt`,
  },
  {
    line: `syncline ls "desk:docs/my f`,
    candidate: "desk:docs/my f$1.txt",
    replacement: String.raw`desk:docs/my f\$1.txt`,
  },
  { line: "syncline ls 'desk:it", candidate: "desk:it's", replacement: String.raw`desk:it'\''s` },
  { line: `syncline ls desk:"my d`, candidate: "desk:my docs/", replacement: "my docs/" },
  { line: "syncline up ~/S", candidate: "~/Shared files/", replacement: String.raw`~/Shared\ files/` },
])("$line takes $replacement", ({ line, candidate, replacement }) => {
  expect(bashReplacement(candidate, splitBashLine(line).last)).toBe(replacement);
});
