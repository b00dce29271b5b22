/** A long list, a page at a time: what is searched for in it, and the way to the other pages. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { Button } from "./basics.tsx";
import { Field } from "./form.tsx";
import { TYPING_MS, useSettled } from "./use-settled.ts";

const PAGE_ROWS = 50;

export interface ListPage {
  /** As the daemon is asked. */
  readonly input: { readonly offset: number; readonly limit: number; readonly contains?: string };
  readonly text: string;
  readonly setText: (text: string) => void;
  readonly go: (offset: number) => void;
}

export function useListPage(): ListPage {
  const text = useSignal("");
  const offset = useSignal(0);
  const contains = useSettled(text.value.trim(), TYPING_MS);
  return {
    input: { offset: offset.value, limit: PAGE_ROWS, ...(contains === "" ? {} : { contains }) },
    text: text.value,
    setText: (typed) => {
      text.value = typed;
      offset.value = 0;
    },
    go: (to) => (offset.value = to),
  };
}

export function FindField({ page }: { readonly page: ListPage }): JSX.Element {
  return (
    <Field label="Find" type="search" placeholder="a part of the path" value={page.text} onChange={page.setText} />
  );
}

/** Whether so many rows call for a search and for pages. */
export function isLong(total: number, page: ListPage): boolean {
  return total > PAGE_ROWS || page.text !== "" || page.input.offset > 0;
}

export function Pages(props: { readonly page: ListPage; readonly total: number; readonly shown: number }): JSX.Element {
  const { page, total, shown } = props;
  const { offset } = page.input;
  return (
    <div class="actions end">
      <span class="muted small number" role="status">
        {(shown === 0 ? 0 : offset + 1).toLocaleString("en")} to {(offset + shown).toLocaleString("en")} of{" "}
        {total.toLocaleString("en")}
      </span>
      {total <= PAGE_ROWS && offset === 0 ? null : (
        <>
          <Button disabled={offset === 0} onPress={() => page.go(Math.max(0, offset - PAGE_ROWS))}>
            Previous
          </Button>
          <Button disabled={offset + shown >= total} onPress={() => page.go(offset + PAGE_ROWS)}>
            Next
          </Button>
        </>
      )}
    </div>
  );
}
