/** The shapes of settings. Part of api.ts, which has the rules. */
import { z } from "zod";

const setting = z.object({
  key: z.string(),
  value: z.unknown(),
  default: z.unknown(),
  source: z.enum(["default", "file", "environment"]),
  description: z.string(),
});

export const SETTING_SHAPES = {
  configGet: {
    input: z.strictObject({ key: z.string().optional() }),
    output: z.object({ path: z.string(), settings: z.array(setting) }),
  },
  configSet: {
    /** All or nothing. Null takes the default again. */
    input: z.strictObject({ settings: z.record(z.string(), z.unknown()) }),
    output: z.object({ path: z.string(), changed: z.array(z.string()) }),
  },
} as const;

export type Setting = z.output<typeof setting>;
