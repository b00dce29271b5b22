import { startIndex } from "../../../src/sync/index/index-client.ts";
import { runIndexTests } from "./index-suite.ts";
import { indexPlaces } from "./places.ts";

const newIndexPath = indexPlaces();

runIndexTests("with its writer in a thread", () => startIndex(newIndexPath()));
