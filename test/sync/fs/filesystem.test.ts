import { DISK_VARIANTS, diskBench, simBench } from "../../support/benches.ts";
import { EXFAT, EXT4, HFS, PLAIN_UNIX } from "../../support/sim-disk.ts";
import { runFilesystemTests } from "./filesystem-suite.ts";

for (const [name, options] of Object.entries(DISK_VARIANTS)) {
  runFilesystemTests(name, () => {
    const bench = diskBench(options);
    bench.fs.probe();
    return bench;
  });
}

for (const [name, personality] of Object.entries({ EXT4, PLAIN_UNIX, EXFAT, HFS })) {
  runFilesystemTests(`simulated ${name}`, () => simBench(personality));
}
