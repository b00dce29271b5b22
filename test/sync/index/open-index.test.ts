import { openIndex } from "../../../src/sync/index/open-index.ts";
import { runIndexTests } from "./index-suite.ts";

runIndexTests("in this thread, in memory", async () => openIndex(":memory:"));
