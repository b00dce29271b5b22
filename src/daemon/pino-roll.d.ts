declare module "pino-roll" {
  import type { DestinationStream } from "pino";

  export interface RollStream extends DestinationStream {
    /** Writes what is buffered; does not wait for the disk. */
    flush(): void;
    /** Writes what is buffered, and has the disk keep it. */
    flushSync(): void;
    end(): void;
    on(event: "error", listener: (error: Error) => void): this;
    once(event: "close", listener: () => void): this;
  }
  interface RollOptions {
    readonly file: string;
    readonly extension?: string;
    readonly size?: string;
    readonly limit?: { readonly count: number; readonly removeOtherLogFiles?: boolean };
    readonly mode?: number;
    readonly sync?: boolean;
    readonly minLength?: number;
    readonly periodicFlush?: number;
    readonly maxLength?: number;
  }
  export default function build(options: RollOptions): Promise<RollStream>;
}
