/** What was just done, and how to take it back; read out by screen readers. */
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { Button, Words, wordsOf } from "./basics.tsx";
import { Icon } from "./icon.tsx";

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly isBad: boolean;
  readonly undo: (() => Promise<unknown>) | undefined;
}

const SHOWN_MS = 8000;
const TOASTS_MAX = 4;
const toasts = signal<readonly Toast[]>([]);
let lastId = 0;

/** Says that something was done. */
export function say(text: string, undo?: () => Promise<unknown>): void {
  add({ text, isBad: false, undo });
}

/** Runs what a person asked for; says what came of it. True when it worked. */
export async function attempt(work: () => Promise<unknown>, done?: string): Promise<boolean> {
  try {
    await work();
    if (done !== undefined) say(done);
    return true;
  } catch (error) {
    const { message, hint } = wordsOf(error);
    add({ text: hint === "" ? message : `${message} ${hint}`, isBad: true, undo: undefined });
    return false;
  }
}

function add(toast: Omit<Toast, "id">): void {
  const id = ++lastId;
  toasts.value = [...toasts.value, { ...toast, id }].slice(-TOASTS_MAX);
  // What went wrong stays until it is put away.
  if (!toast.isBad) setTimeout(() => remove(id), toast.undo === undefined ? SHOWN_MS : SHOWN_MS * 2);
}

function remove(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

export function Toasts(): JSX.Element {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, text, isBad, undo }) => (
        <div class={`toast ${isBad ? "bad" : ""}`} key={id}>
          <Icon name={isBad ? "bad" : "check"} />
          <span>
            <Words text={text} />
          </span>
          {undo === undefined ? null : (
            <Button
              icon="undo"
              onPress={async () => {
                remove(id);
                await attempt(undo, "Undone");
              }}
            >
              Undo
            </Button>
          )}
          <Button kind="quiet" icon="close" label="Put away" onPress={() => remove(id)}>
            {null}
          </Button>
        </div>
      ))}
    </div>
  );
}
