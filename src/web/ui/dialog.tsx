/** Dialogs: the browser's own, which keep the focus inside and end with Escape. */
import { type Signal, signal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { Button, Name } from "./basics.tsx";
import { Toasts } from "./toasts.tsx";

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
  /** At the side of the page, as high as it is. */
  readonly isDrawer?: boolean;
}

/** Those that are open, the one in front last. */
const open: Signal<readonly string[]> = signal([]);

/** What was just done is said in front of a dialog, which covers all else and lets nobody press it. */
export function ToastsBehind(): JSX.Element | null {
  return open.value.length === 0 ? <Toasts /> : null;
}

export function Dialog({ title, onClose, children, isDrawer = false }: DialogProps): JSX.Element {
  const element = useRef<HTMLDialogElement>(null);
  const isOver = useRef(false);
  const id = useId();
  // Before it leaves the page it is closed, which gives the focus back to what opened it.
  useLayoutEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    open.value = [...open.value, id];
    return () => {
      isOver.current = true;
      open.value = open.value.filter((one) => one !== id);
      dialog?.close();
    };
  }, []);
  return (
    <dialog
      ref={element}
      class={isDrawer ? "drawer" : ""}
      aria-labelledby={id}
      // At once: of what it closes itself a browser tells a moment later, when the next key may have opened it again.
      onCancel={(event) => {
        if (event.target !== event.currentTarget) return;
        event.preventDefault();
        onClose();
      }}
      onClose={() => {
        if (!isOver.current) onClose();
      }}
    >
      <div class="dialog-head">
        <h2 id={id}>
          <Name>{title}</Name>
        </h2>
        <Button kind="quiet" icon="close" label="Close" onPress={onClose}>
          {null}
        </Button>
      </div>
      {children}
      {open.value.at(-1) === id ? <Toasts /> : null}
    </dialog>
  );
}

interface Question {
  readonly title: string;
  readonly text: ComponentChildren;
  readonly yes: string;
  readonly isDanger: boolean;
  readonly answer: (isYes: boolean) => void;
}

const question = signal<Question | undefined>(undefined);

/** Asks before something that cannot simply be taken back. */
export async function confirm(
  title: string,
  text: ComponentChildren,
  yes: string,
  options: { readonly isDanger?: boolean } = {},
): Promise<boolean> {
  return await new Promise((answer) => {
    question.value = { title, text, yes, isDanger: options.isDanger ?? true, answer };
  });
}

/** Shows the open question, if there is one. */
export function Questions(): JSX.Element | null {
  const open = question.value;
  if (open === undefined) return null;
  const answer = (isYes: boolean): void => {
    if (question.value !== open) return;
    question.value = undefined;
    open.answer(isYes);
  };
  return (
    <Dialog title={open.title} onClose={() => answer(false)}>
      <div class="stack">
        {typeof open.text === "string" ? <p>{open.text}</p> : open.text}
        <div class="actions end">
          <Button onPress={() => answer(false)}>Cancel</Button>
          <Button kind={open.isDanger ? "danger" : "main"} onPress={() => answer(true)}>
            {open.yes}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
