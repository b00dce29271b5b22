import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";

const GROUP = "224.0.0.251";
const PORT = 5353;
const WAIT_MS = 1500;

/** Sends a multicast packet out of one interface and listens for it there. Returns what went wrong, undefined when it came back. */
export async function tryMulticast(address: string): Promise<string | undefined> {
  const socket = createSocket({ type: "udp4", reuseAddr: true });
  // An empty mDNS answer that nobody acts on, told from others by its id.
  const packet = Buffer.concat([randomBytes(2), Buffer.from([0x84, 0, 0, 0, 0, 0, 0, 0, 0, 0])]);
  try {
    return await new Promise<string | undefined>((resolve) => {
      const timer = setTimeout(() => resolve("nothing came back"), WAIT_MS);
      const end = (fault: string | undefined): void => {
        clearTimeout(timer);
        resolve(fault);
      };
      socket.on("error", (error) => end(error.message));
      socket.on("message", (message) => {
        if (message.equals(packet)) end(undefined);
      });
      socket.bind({ port: PORT, address: "0.0.0.0" }, () => {
        try {
          socket.addMembership(GROUP, address);
          socket.setMulticastInterface(address);
          socket.setMulticastLoopback(true);
          socket.send(packet, PORT, GROUP, (error) => {
            if (error !== null) end(error.message);
          });
        } catch (error) {
          end(error instanceof Error ? error.message : String(error));
        }
      });
    });
  } finally {
    socket.close();
  }
}
