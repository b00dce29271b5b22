import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { Setting } from "../../shared/api-settings.ts";
import { call } from "../api/client.ts";
import { status } from "../api/live.ts";
import { Answer } from "../ui/answer.tsx";
import { Ago, Button, Card, Page } from "../ui/basics.tsx";
import { Choice, Field, Form } from "../ui/form.tsx";
import { attempt } from "../ui/toasts.tsx";
import { useData } from "../ui/use-data.ts";

const LEVELS = ["debug", "info", "warn", "error"] as const;

export function SettingsPage(): JSX.Element {
  const config = useData((signal) => call("configGet", {}, signal), "config");
  return (
    <Page title="Settings">
      <Answer of={config} loading="Reading the configuration…">
        {({ path, settings }) => (
          <Card>
            <p class="muted small path">
              Kept in <code>{path}</code>; changes count at once.
            </p>
            {settings.map((setting) => (
              <Row setting={setting} key={`${setting.key}${String(setting.value)}`} onSaved={config.reload} />
            ))}
          </Card>
        )}
      </Answer>
      <About />
    </Page>
  );
}

/** What a setting is called; one without a name of its own goes by its key. */
const TITLES: Readonly<Record<string, string>> = {
  name: "Name of this device",
  listen: "Address for peers",
  dashboard: "Address of the dashboard",
  discovery: "Discovery",
  logLevel: "Log level",
  rescanMinutes: "Minutes between full scans",
  keepDays: "Days that versions are kept",
};

function Row({ setting, onSaved }: { readonly setting: Setting; readonly onSaved: () => unknown }): JSX.Element {
  const text = useSignal(textOf(setting, setting.value));
  const { key, source } = setting;
  const title = TITLES[key] ?? key;
  const save = async (value: unknown): Promise<void> => {
    if (await attempt(() => call("configSet", { settings: { [key]: value } }), `${title} is changed`)) await onSaved();
  };
  const hint = (
    <>
      {sentence(setting.description)} Default: {textOf(setting, setting.default) || "none"}.
      {source === "environment"
        ? " It comes from an environment variable, which counts before what is saved here."
        : ""}
    </>
  );
  return (
    <div class="setting">
      <Form
        submit="Save"
        label={`Save ${title}`}
        isInline={true}
        disabled={text.value === textOf(setting, setting.value)}
        onSubmit={() => save(typed(setting, text.value))}
      >
        {isChoice(setting) ? (
          <Choice
            label={title}
            value={text.value}
            options={optionsOf(setting)}
            hint={hint}
            onChange={(value) => (text.value = value)}
          />
        ) : (
          <Field label={title} value={text.value} hint={hint} onChange={(value) => (text.value = value)} />
        )}
      </Form>
      {source === "file" && key !== "listen" ? (
        <Button kind="quiet" icon="undo" label={`Take the default: ${title}`} onPress={() => save(null)}>
          Default
        </Button>
      ) : null}
    </div>
  );
}

/** A value as it is shown and typed. */
function textOf({ default: fallback }: Setting, value: unknown): string {
  if (value === null) return "";
  if (typeof fallback === "boolean") return value === true ? "on" : "off";
  return String(value);
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function isChoice({ key, default: fallback }: Setting): boolean {
  return typeof fallback === "boolean" || key === "logLevel";
}

function optionsOf({ key }: Setting): readonly (readonly [string, string])[] {
  if (key === "logLevel") return LEVELS.map((level) => [level, level]);
  return [
    ["on", "on"],
    ["off", "off"],
  ];
}

/** What was typed, as the kind of value that the setting has. The daemon judges it. */
function typed({ default: fallback }: Setting, text: string): unknown {
  if (text === "") return null;
  if (typeof fallback === "boolean") return text === "on";
  if (typeof fallback === "number" && /^-?\d+$/.test(text)) return Number(text);
  return text;
}

function About(): JSX.Element | null {
  const now = status.value;
  if (now === undefined) return null;
  return (
    <Card title="This node">
      <dl class="facts">
        <dt>Version</dt>
        <dd>{now.process.version}</dd>
        <dt>Device id</dt>
        <dd>
          <code>{now.device.id}</code>
        </dd>
        <dt>Peers reach it at</dt>
        <dd>{now.listen.join(", ") || "nothing"}</dd>
        <dt>Started</dt>
        <dd>
          <Ago time={now.process.startedAt} />
        </dd>
        <dt>Interface</dt>
        <dd>
          described by <code>/api/v1/openapi.json</code>
        </dd>
      </dl>
    </Card>
  );
}
