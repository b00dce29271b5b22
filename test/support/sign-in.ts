/** A session with a node's dashboard, as its page holds one. */
import type { TestNode } from "./nodes.ts";

export interface TestSession {
  readonly origin: string;
  /** A call of the interface; what it answers. */
  ask(method: string, path: string, body?: unknown): Promise<Response>;
  /** A POST that must work; its document. */
  post<T>(path: string, body: unknown): Promise<T>;
  /** A request with the cookie alone, as the browser itself makes for downloads and images. */
  get(url: string, headers?: Readonly<Record<string, string>>): Promise<Response>;
  /** Bytes for the interface. */
  put(path: string, bytes: Uint8Array, headers: Readonly<Record<string, string>>): Promise<Response>;
}

export interface SignedIn {
  readonly status: number;
  readonly cookie: string;
  readonly token: string;
}

/** Signs in as a browser does that was sent to `link`. */
export async function signInBy(link: string): Promise<SignedIn> {
  const { origin, hash } = new URL(link);
  const answer = await fetch(`${origin}/api/v1/session`, {
    method: "POST",
    headers: { Origin: origin },
    body: JSON.stringify({ key: hash.slice("#k=".length) }),
  });
  const { token } = (await answer.json()) as { token: string };
  return { status: answer.status, token, cookie: answer.headers.get("set-cookie")?.split(";")[0] ?? "" };
}

/** Signs in at a node by a link of its own. */
export async function signIn(node: TestNode): Promise<TestSession> {
  const { link } = await node.json<{ link: string }>("open", "--print");
  const { origin } = new URL(link);
  const { cookie, token } = await signInBy(link);
  const own = { Cookie: cookie, Origin: origin, "X-Syncline-Token": token };
  const ask = async (method: string, path: string, body?: unknown): Promise<Response> =>
    await fetch(`${origin}/api/v1${path}`, {
      method,
      headers: own,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  return {
    origin,
    ask,
    post: async (path, body) => {
      const response = await ask("POST", path, body);
      const text = await response.text();
      if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`);
      return JSON.parse(text);
    },
    get: async (url, headers = {}) => await fetch(`${origin}${url}`, { headers: { Cookie: cookie, ...headers } }),
    put: async (path, bytes, headers) =>
      await fetch(`${origin}/api/v1${path}`, {
        method: "PUT",
        headers: { ...own, ...headers },
        body: Buffer.from(bytes),
      }),
  };
}
