/** Fields with their labels. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly hint?: ComponentChildren;
  readonly type?: "text" | "password" | "search" | "number" | "datetime-local";
  readonly placeholder?: string;
  readonly autoFocus?: boolean;
  readonly autoComplete?: string;
  readonly isCode?: boolean;
  /** Texts to choose from while one types. */
  readonly offers?: readonly string[];
  /** What was entered cannot be; the hint says why. */
  readonly isWrong?: boolean;
}

export function Field(props: FieldProps): JSX.Element {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <input
        id={id}
        class={props.isCode === true ? "code" : ""}
        // The types of attributes differ by this one; those used here fit them all.
        type={(props.type ?? "text") as "text"}
        value={props.value}
        placeholder={props.placeholder}
        // Seconds, too.
        step={props.type === "datetime-local" ? 1 : undefined}
        autofocus={props.autoFocus}
        autocomplete={props.autoComplete ?? "off"}
        spellcheck={false}
        aria-invalid={props.isWrong}
        aria-describedby={props.hint === undefined ? undefined : `${id}-hint`}
        list={props.offers === undefined ? undefined : `${id}-offers`}
        onInput={(event) => props.onChange(event.currentTarget.value)}
      />
      {props.offers === undefined ? null : (
        <datalist id={`${id}-offers`}>
          {props.offers.map((offer) => (
            <option value={offer} key={offer} />
          ))}
        </datalist>
      )}
      {props.hint === undefined ? null : (
        <p class="hint" id={`${id}-hint`}>
          {props.hint}
        </p>
      )}
    </div>
  );
}

interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly options: readonly (readonly [value: T, text: string])[];
  readonly onChange: (value: T) => unknown;
  readonly hint?: ComponentChildren;
  readonly hideLabel?: boolean;
  readonly disabled?: boolean;
}

export function Choice<T extends string>(props: ChoiceProps<T>): JSX.Element {
  const id = useId();
  return (
    <div class="field">
      <label for={id} class={props.hideLabel === true ? "unseen" : ""}>
        {props.label}
      </label>
      <select
        id={id}
        value={props.value}
        disabled={props.disabled}
        aria-describedby={props.hint === undefined ? undefined : `${id}-hint`}
        onChange={(event) => void props.onChange(event.currentTarget.value as T)}
      >
        {props.options.map(([value, text]) => (
          <option key={value} value={value} selected={value === props.value}>
            {text}
          </option>
        ))}
      </select>
      {props.hint === undefined ? null : (
        <p class="hint" id={`${id}-hint`}>
          {props.hint}
        </p>
      )}
    </div>
  );
}

export function Tick(props: {
  readonly label: ComponentChildren;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}): JSX.Element {
  return (
    <label class="tick">
      <input
        type="checkbox"
        checked={props.checked}
        onChange={(event) => props.onChange(event.currentTarget.checked)}
      />
      <span>{props.label}</span>
    </label>
  );
}

/** A form that is busy while what it asked for runs, and shows that by its button. */
export function Form(props: {
  readonly onSubmit: () => Promise<unknown>;
  readonly submit: string;
  /** For a button whose word says too little by itself. */
  readonly label?: string;
  /** The button stands beside the field. */
  readonly isInline?: boolean;
  readonly disabled?: boolean;
  readonly children: ComponentChildren;
}): JSX.Element {
  const busy = useSignal(false);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (busy.value) return;
    busy.value = true;
    try {
      await props.onSubmit();
    } finally {
      busy.value = false;
    }
  };
  return (
    <form class={props.isInline === true ? "inline-form" : "stack"} onSubmit={(event) => void submit(event)}>
      {props.children}
      <div class="actions end">
        <button
          type="submit"
          class="button main"
          disabled={props.disabled === true || busy.value}
          aria-label={props.label}
          aria-busy={busy.value}
        >
          {props.submit}
        </button>
      </div>
    </form>
  );
}
