/** The thread that runs a person's regular expression: one that never comes back is ended with it. */
import { parentPort, workerData } from "node:worker_threads";

export interface RegexData {
  readonly pattern: string;
  readonly flags: string;
}

const port = parentPort;
if (port === null) throw new Error("bug: a regular expression runs in a thread");
const { pattern, flags } = workerData as RegexData;
const regex = new RegExp(pattern, flags);

port.on("message", (texts: readonly string[]) => port.postMessage(texts.map((text) => regex.test(text))));
port.postMessage("ready");
