/** Watches the directory given and prints what it was told, as JSON. Run where the system gives few watches. */
import type { PathProblem } from "../../src/shared/file-info.ts";
import { ChokidarWatcher } from "../../src/sync/scanner/chokidar-watcher.ts";
import { silentLog as quiet } from "./silent-log.ts";

const problems: PathProblem[] = [];
const watcher = new ChokidarWatcher({ root: process.argv[2] ?? "", log: quiet });
await watcher.start({ onHint: () => {}, onSuspect: () => {}, onProblem: (problem) => problems.push(problem) });
console.log(JSON.stringify({ isStarted: true, problems }));
await watcher.close();
