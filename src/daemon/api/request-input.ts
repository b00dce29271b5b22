import type { IncomingMessage } from "node:http";
import { SyncError } from "../../shared/errors.ts";
import { LIMITS } from "../../shared/limits.ts";

/**
 * The input of a request before its schema has seen it: the query of a GET,
 * the JSON body of the others, and what the path says.
 */
export async function readInput(
  request: IncomingMessage,
  query: URLSearchParams,
  parameters: Readonly<Record<string, string>>,
): Promise<unknown> {
  const given = request.method === "GET" ? fromQuery(query) : await readBody(request);
  return { ...given, ...parameters };
}

function fromQuery(query: URLSearchParams): Record<string, string> {
  const input: Record<string, string> = {};
  for (const [key, value] of query) {
    if (Object.hasOwn(input, key)) throw new SyncError("E_USAGE", `${key} is given twice`);
    input[key] = value;
  }
  return input;
}

async function readBody(request: IncomingMessage): Promise<object> {
  const bytes = await readBytes(request, LIMITS.apiBodyBytes.value);
  if (bytes.length === 0) return {};
  const value = parse(bytes.toString("utf8"));
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new SyncError("E_USAGE", "the request's body is not a JSON object");
  return value;
}

/** The body of a request as it is. Throws E_USAGE when it is longer than `most`. */
export async function readBytes(request: IncomingMessage, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > most) throw new SyncError("E_USAGE", `the request is longer than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SyncError("E_USAGE", "the request's body is not JSON", { cause });
  }
}
