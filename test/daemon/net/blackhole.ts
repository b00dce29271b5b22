import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { HostPort } from "../../../src/shared/host-port.ts";

/** A TCP proxy that can stop passing bytes on without closing anything, as a broken network does. */
export class Blackhole implements AsyncDisposable {
  readonly at: HostPort;
  readonly #sockets = new Set<Socket>();
  readonly #close: () => void;
  #isOpen = true;

  private constructor(at: HostPort, close: () => void) {
    this.at = at;
    this.#close = close;
  }

  static async before(target: HostPort): Promise<Blackhole> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const proxy = new Blackhole({ host: "127.0.0.1", port }, () => server.close());
    server.on("connection", (near) => {
      const far = connect(target.port, target.host);
      proxy.#join(near, far);
      proxy.#join(far, near);
    });
    return proxy;
  }

  /** From now on nothing gets through, and nobody is told. */
  swallow(): void {
    this.#isOpen = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#close();
  }

  #join(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.on("error", () => to.destroy());
    from.on("data", (bytes) => {
      if (this.#isOpen) to.write(bytes);
    });
    from.on("close", () => {
      if (this.#isOpen) to.destroy();
    });
  }
}
