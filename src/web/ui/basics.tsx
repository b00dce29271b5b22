/** The small parts that every page is made of. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { Failure } from "../api/client.ts";
import { age, moment } from "../text/format.ts";
import type { Tone } from "../text/overview.ts";
import { Icon, type IconName } from "./icon.tsx";
import { minute } from "./minute.ts";
import { useTitle } from "./use-title.ts";

interface ButtonProps {
  readonly onPress: () => unknown;
  readonly children: ComponentChildren;
  readonly icon?: IconName;
  readonly kind?: "plain" | "main" | "danger" | "quiet";
  readonly disabled?: boolean;
  /** For a button that shows an icon alone, or whose words say too little by themselves. */
  readonly label?: string;
  readonly expanded?: boolean;
  readonly id?: string;
}

/** A button that is busy for as long as what it started runs. */
export function Button(props: ButtonProps): JSX.Element {
  const { onPress, children, icon, kind = "plain", disabled = false, label, expanded, id } = props;
  const busy = useSignal(false);
  const press = async (): Promise<void> => {
    if (busy.value) return;
    busy.value = true;
    try {
      await onPress();
    } finally {
      busy.value = false;
    }
  };
  return (
    <button
      type="button"
      id={id}
      class={`button ${kind}`}
      disabled={disabled}
      aria-busy={busy.value}
      aria-label={label}
      aria-expanded={expanded}
      title={label}
      onClick={() => void press()}
    >
      {icon === undefined ? null : <Icon name={icon} />}
      {children}
    </button>
  );
}

const TONE_ICONS: Readonly<Record<Tone, IconName>> = {
  good: "check",
  busy: "busy",
  warn: "warn",
  bad: "bad",
  idle: "idle",
};

/** A state as icon, colour and word: colour is never the only carrier. */
export function State({ tone, children }: { readonly tone: Tone; readonly children: ComponentChildren }): JSX.Element {
  return (
    <span class={`state ${tone}`}>
      <Icon name={TONE_ICONS[tone]} />
      <span>{children}</span>
    </span>
  );
}

/** How long ago, with the exact time on hover and for those who ask. */
export function Ago({ time }: { readonly time: string | null }): JSX.Element {
  if (time === null) return <span>never</span>;
  const date = new Date(time);
  return (
    <time dateTime={time} title={moment(date)}>
      {age(date, new Date(minute.value))}
    </time>
  );
}

/** A file or folder name: what bidirectional text in it does stays inside. */
export function Name({ children }: { readonly children: string }): JSX.Element {
  const shown = children.replaceAll(/^\p{Zs}+|\p{Zs}+$/gu, (spaces) => "\u2423".repeat(spaces.length));
  return <bdi class="name">{visible(shown)}</bdi>;
}

/** Control and direction characters as pictures, so that a name cannot look like another one. */
function visible(text: string): string {
  return text.replaceAll(/[\p{Cc}\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x20 ? String.fromCodePoint(0x2400 + code) : "\ufffd";
  });
}

export function Page(props: {
  readonly title: string;
  /** What the tab is called where the page's title says too little. */
  readonly tab?: string | undefined;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}): JSX.Element {
  useTitle(props.tab ?? props.title);
  return (
    <>
      <div class="page-head">
        <h1 tabIndex={-1}>{props.title}</h1>
        <div class="actions">{props.actions}</div>
      </div>
      {props.children}
    </>
  );
}

export function Card(props: {
  readonly title?: ComponentChildren;
  readonly actions?: ComponentChildren;
  readonly children?: ComponentChildren;
}): JSX.Element {
  return (
    <section class="card">
      {props.title === undefined && props.actions === undefined ? null : (
        <div class="card-head">
          <h2>{props.title}</h2>
          <div class="actions">{props.actions}</div>
        </div>
      )}
      {props.children}
    </section>
  );
}

/** Nothing there yet, and what to do about it. */
export function Empty(props: {
  readonly title: string;
  readonly icon: IconName;
  readonly children?: ComponentChildren;
}): JSX.Element {
  return (
    <div class="empty">
      <Icon name={props.icon} />
      <p class="strong">{props.title}</p>
      {props.children}
    </div>
  );
}

export function Loading({ what }: { readonly what: string }): JSX.Element {
  return (
    <p class="loading" role="status">
      <span class="spinner" aria-hidden="true" />
      {what}
    </p>
  );
}

/** What failed, why, and what to do. */
export function Problem(props: { readonly error: unknown; readonly retry?: () => unknown }): JSX.Element {
  const { message, hint } = wordsOf(props.error);
  return (
    <div class="notice bad" role="alert">
      <Icon name="bad" />
      <div>
        <p class="strong">{message}</p>
        <p>
          <Words text={hint} />
        </p>
        {props.retry === undefined ? null : (
          <Button icon="refresh" onPress={props.retry}>
            Try again
          </Button>
        )}
      </div>
    </div>
  );
}

/** What stands between backticks is a command to type. */
export function Words({ text }: { readonly text: string }): JSX.Element {
  return (
    <>{text.split("`").map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : visible(part)))}</>
  );
}

/** An error as message and next step. */
export function wordsOf(error: unknown): { readonly message: string; readonly hint: string } {
  if (error instanceof Failure) return { message: `${sentence(error.message)}`, hint: sentence(error.hint) };
  return { message: error instanceof Error ? error.message : String(error), hint: "Load the page again." };
}

/** A name at the beginning, which is no plain word, stays as it is. */
function sentence(text: string): string {
  const begun = /^[a-z]+[ ,]/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
  return /[.!?…]$/.test(begun) || begun === "" ? begun : `${begun}.`;
}
