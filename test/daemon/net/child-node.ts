/** A node in a process of its own, for tests that kill one. Told by arguments whom to trust; dials it. */
import { parseDeviceId } from "../../../src/shared/ids.ts";
import { TestNode } from "./nodes.ts";

const [device = "", port = ""] = process.argv.slice(2);
const node = await TestNode.start({ name: "child" });
process.send?.(node.identity.deviceId);
await node.net.setTrust([
  {
    id: parseDeviceId(device),
    isPaused: false,
    addresses: [{ address: { host: "127.0.0.1", port: Number(port) }, origin: "static", seenAt: 0 }],
  },
]);
