/** One device that looks and announces, in whatever network namespace it is started; says on stdout what it finds. */
import { MdnsDiscovery } from "../../src/peer/discovery/mdns.ts";
import { matchSaltedId } from "../../src/peer/discovery/salted-id.ts";
import { deviceIdFromHash } from "../../src/shared/ids.ts";
import { realClock } from "../peer/real-clock.ts";
import { realRandom, silentLog } from "../peer/support.ts";

const [own, other, channel] = process.argv.slice(2).map(Number);
const device = (fill = 0): ReturnType<typeof deviceIdFromHash> => deviceIdFromHash(new Uint8Array(32).fill(fill));

const discovery = new MdnsDiscovery({
  device: device(own),
  clock: realClock,
  random: realRandom,
  log: silentLog,
  onEvent: (event) => {
    const id = event.type === "found" ? event.candidate.id : event.id;
    const isOther = matchSaltedId(id, [device(other)]) !== undefined;
    process.stdout.write(`${JSON.stringify({ ...event, isOther })}\n`);
  },
});
discovery.start();
discovery.announce({ port: 4777, channels: channel === undefined ? [] : [channel] });
process.on("SIGTERM", () => void discovery[Symbol.asyncDispose]().then(() => process.exit(0)));
