/** A field for a path in a folder of this node: it offers what lies there, deleted files included, while one types. */
import type { ComponentChildren, JSX } from "preact";
import { stream } from "../api/client.ts";
import { Field } from "./form.tsx";
import { useData } from "./use-data.ts";
import { TYPING_MS, useSettled } from "./use-settled.ts";

const OFFERED = 8;

export function PathField(props: {
  readonly label: string;
  readonly folder: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly placeholder?: string;
  readonly hint?: ComponentChildren;
}): JSX.Element {
  const { folder, value, ...field } = props;
  const typed = useSettled(value.trim(), TYPING_MS);
  const { value: paths = [] } = useData((signal) => pathsWith(typed, folder, signal), `${folder}\0${typed}`, {
    keeps: true,
  });
  return <Field {...field} value={value} offers={paths} />;
}

async function pathsWith(part: string, folder: string, signal: AbortSignal): Promise<readonly string[]> {
  if (part === "" || folder === "") return [];
  const input = { folder, path: "", recursive: true, deleted: true, contains: part, limit: OFFERED } as const;
  const paths: string[] = [];
  for await (const line of stream("list", input, signal))
    if (line.type !== "summary" && line.type !== "folder") paths.push(line.path);
  return [...new Set(paths)];
}
