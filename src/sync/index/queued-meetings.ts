import { SyncError } from "../../shared/errors.ts";
import type { OriginRun } from "../../shared/reconcile-messages.ts";
import type { DecoderState } from "../delta/reconcile-decoder.ts";
import type { Adoption, ElementBytes, FilledRows, IndexMeetings, MeetingForm, MeetingOf } from "./meeting-port.ts";
import type { MeetingStep, Meetings } from "./meetings.ts";

/** Runs one step in a transaction, here or in another thread. */
export type RunMeetingStep = (step: MeetingStep, args: readonly unknown[]) => Promise<unknown>;

/** Calls of {@link IndexMeetings} as steps, so that other writes pass between them. */
export class QueuedMeetings implements IndexMeetings {
  readonly #run: RunMeetingStep;

  constructor(run: RunMeetingStep) {
    this.#run = run;
  }

  async begin(
    of: MeetingOf,
    form: MeetingForm,
    key: Uint8Array,
  ): Promise<{ readonly size: number; readonly root: Uint8Array<ArrayBuffer> }> {
    await this.#step("begin", of, form, key.slice());
    for (;;) {
      const read = await this.#step("read", of);
      if (read !== undefined) return read;
    }
  }

  async make(of: MeetingOf, first: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    await this.#makeRun(of, first, length);
    return await this.#step("takeRun", of);
  }

  async decode(
    of: MeetingOf,
    { first, length, size, bytes }: Parameters<IndexMeetings["decode"]>[1],
  ): Promise<DecoderState> {
    await this.#makeRun(of, first, length);
    return await this.#step("decodeRun", of, size, bytes.slice());
  }

  propose(of: MeetingOf): Promise<{ readonly theirs: ElementBytes; readonly sum: Uint8Array<ArrayBuffer> }> {
    return this.#step("propose", of);
  }

  agree(of: MeetingOf, ours: Uint8Array, sum: Uint8Array): Promise<boolean> {
    return this.#step("agree", of, ours.slice(), sum.slice());
  }

  origins(of: MeetingOf): Promise<{ readonly runs: readonly OriginRun[]; readonly isLast: boolean }> {
    return this.#step("originsStep", of);
  }

  async fill(of: MeetingOf, epoch: string, except: Uint8Array): Promise<FilledRows> {
    const own = except.slice();
    for (;;) {
      const filled = await this.#step("fillStep", of, epoch, own);
      if (filled !== undefined) return filled;
    }
  }

  async adopt(of: MeetingOf, by: Adoption, runs: readonly OriginRun[]): Promise<void> {
    await this.#step("addOrigins", of, runs);
    while ((await this.#step("adoptStep", of, by)) === "more");
  }

  async adopted(of: MeetingOf, by: Adoption): Promise<FilledRows> {
    for (;;) {
      const state = await this.#step("adoptStep", of, by);
      if (state === "hungry") throw new SyncError("E_PROTOCOL", "a peer told of fewer origins than it has records");
      if (state === "done") break;
    }
    const { changed, plan } = await this.#step("adoptEnd", of);
    const sequences = [...plan.sequences];
    for (let after = plan.upTo; ; ) {
      const { tell, upTo, isLast } = await this.#step("untold", of, after);
      sequences.push(...tell);
      after = upTo;
      if (isLast) return { changed, plan: { upTo, sequences } };
    }
  }

  async end(of: MeetingOf): Promise<void> {
    await this.#step("end", of);
  }

  async #makeRun(of: MeetingOf, first: number, length: number): Promise<void> {
    while (!(await this.#step("addToRun", of, first, length)));
  }

  #step<S extends MeetingStep>(step: S, ...args: Parameters<Meetings[S]>): Promise<ReturnType<Meetings[S]>> {
    return this.#run(step, args) as Promise<ReturnType<Meetings[S]>>;
  }
}
