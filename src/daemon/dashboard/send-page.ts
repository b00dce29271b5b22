import type { IncomingMessage, ServerResponse } from "node:http";
import type { PageFile } from "./page-files.ts";

/** Sends a file of the page in the smallest form that the browser takes. */
export function sendPageFile(file: PageFile, request: IncomingMessage, response: ServerResponse): void {
  response.setHeader("Cache-Control", file.isLasting ? "public, max-age=31536000, immutable" : "no-cache");
  response.setHeader("ETag", file.tag);
  response.setHeader("Vary", "Accept-Encoding");
  if (request.headers["if-none-match"] === file.tag) {
    response.writeHead(304);
    response.end();
    return;
  }
  const { body, encoding } = smallest(file, request.headers["accept-encoding"]);
  if (encoding !== undefined) response.setHeader("Content-Encoding", encoding);
  response.writeHead(200, { "Content-Type": file.type, "Content-Length": body.length });
  response.end(request.method === "HEAD" ? undefined : body);
}

function smallest(
  { plain, gzip, brotli }: PageFile,
  header: string | string[] | undefined,
): { readonly body: Buffer; readonly encoding: string | undefined } {
  const accepted = new Set(String(header ?? "").split(/ *, */));
  if (brotli !== undefined && accepted.has("br")) return { body: brotli, encoding: "br" };
  if (gzip !== undefined && accepted.has("gzip")) return { body: gzip, encoding: "gzip" };
  return { body: plain, encoding: undefined };
}

/** What a checkout shows whose page was never built. */
export function sendNotBuilt(response: ServerResponse): void {
  response.writeHead(503, { "Content-Type": "text/html; charset=utf-8" });
  response.end(
    [
      '<!doctype html><html lang="en"><meta charset="utf-8"><title>Syncline</title>',
      "<h1>The dashboard is not built</h1>",
      "<p>Run <code>npm run build:web</code> in the checkout, then load this page again after a restart of the daemon.</p>",
      "<p>Everything else works: <code>syncline status</code> says how things are.</p></html>",
    ].join("\n"),
  );
}
