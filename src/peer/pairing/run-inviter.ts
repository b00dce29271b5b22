/** Drives the inviter's side of a pairing over a connection. */
import type { Duplex } from "node:stream";
import type { Clock } from "../../shared/ports.ts";
import { MessageStream } from "./frames.ts";
import { Inviter, type InviterDeps, type InviterOutcome, type NewPeer } from "./inviter.ts";
import { withDeadline } from "./run-limits.ts";

export interface RunInviterDeps extends InviterDeps {
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  /** Stores the new peer durably. The joiner hears "done" only after it; when it fails, the joiner sees the connection end. */
  readonly onPaired: (peer: NewPeer) => Promise<void>;
}

export type InviterResult = InviterOutcome | { readonly type: "failed"; readonly error: unknown };

/**
 * Runs until the pairing is stored or has failed, then closes the stream.
 *
 * Never rejects: what the stranger at the other end did wrong is a result, to
 * be logged with its address.
 */
export async function runInviter(stream: Duplex, deps: RunInviterDeps): Promise<InviterResult> {
  const messages = new MessageStream(stream);
  const inviter = new Inviter(deps);
  try {
    return await withDeadline(stream, deps, () => converse(messages, inviter, deps));
  } catch (error) {
    return { type: "failed", error };
  } finally {
    inviter.cancel();
    messages.close();
  }
}

async function converse(messages: MessageStream, inviter: Inviter, deps: RunInviterDeps): Promise<InviterResult> {
  for (;;) {
    const message = await messages.read();
    if (message === undefined) throw new Error("the joiner hung up");
    const step = inviter.receive(message);
    messages.write(step.send);
    if (step.outcome === undefined) continue;
    if (step.outcome.type === "paired") {
      await deps.onPaired(step.outcome.peer);
      messages.write([inviter.stored()]);
    }
    return step.outcome;
  }
}
