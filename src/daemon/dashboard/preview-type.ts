/** What may be shown on a page, and as what: never as anything that runs. */

/** Bitmaps only: an SVG is a document, and is shown as the text that it is. */
const IMAGES: Readonly<Record<string, string>> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  avif: "image/avif",
  bmp: "image/bmp",
  ico: "image/x-icon",
};

export interface PreviewType {
  readonly preview: "image" | "text";
  readonly contentType: string;
}

/** Judges by the name alone; that a text is one shows when it is read. */
export function previewType(name: string): PreviewType {
  const image = IMAGES[/\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? ""];
  return image === undefined
    ? { preview: "text", contentType: "text/plain; charset=utf-8" }
    : { preview: "image", contentType: image };
}

/** Whether bytes read as text. A character cut off at the end is none of their faults. */
export function isText(bytes: Uint8Array): boolean {
  if (bytes.includes(0)) return false;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
