/** A look into a file: an image, or the beginning of a text. Nothing in it runs. */
import type { JSX } from "preact";
import { previewOf, type Remote } from "../api/download.ts";
import { Loading, wordsOf } from "./basics.tsx";
import { useData } from "./use-data.ts";

export function FilePreview({ what, name }: { readonly what: Remote; readonly name: string }): JSX.Element {
  const key = [what.peer, what.folder, what.path, what.version].join("\0");
  const { value, error } = useData((signal) => previewOf(what, signal), key);
  if (value === undefined)
    return error === undefined ? (
      <Loading what="Looking into it…" />
    ) : (
      <p class="muted small">{wordsOf(error).message}</p>
    );
  if (value.kind === "image") return <img class="preview" src={value.url} alt={name} />;
  if (value.text === "") return <p class="muted small">It is empty.</p>;
  return (
    <>
      <textarea class="preview" readOnly rows={12} aria-label={`The text of ${name}`} value={value.text} />
      {value.isAll ? null : <p class="muted small">This is the beginning; download it to see the rest.</p>}
    </>
  );
}
