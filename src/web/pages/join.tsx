import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { JoinResult } from "../../shared/api-peers.ts";
import { stream } from "../api/client.ts";
import { list } from "../text/format.ts";
import { Button, Name, Problem, Words } from "../ui/basics.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Field, Form } from "../ui/form.tsx";
import { Icon } from "../ui/icon.tsx";

/** Pairs with a machine that made a code. */
export function JoinDialog({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const code = useSignal("");
  const path = useSignal("");
  const at = useSignal("");
  const step = useSignal("");
  const failure = useSignal<unknown>(undefined);
  const result = useSignal<JoinResult | undefined>(undefined);
  const join = async (): Promise<void> => {
    failure.value = undefined;
    const given = { path: path.value.trim(), at: at.value.trim() };
    try {
      const input = {
        code: code.value.trim(),
        path: given.path === "" ? null : given.path,
        at: given.at === "" ? null : given.at,
      };
      for await (const item of stream("join", input)) {
        if (item.type === "progress") step.value = item.message;
        else result.value = item;
      }
    } catch (error) {
      failure.value = error;
    }
    step.value = "";
  };
  if (result.value !== undefined) return <Joined result={result.value} onClose={onClose} />;
  return (
    <Dialog title="Join with a code" onClose={onClose}>
      {failure.value === undefined ? null : <Problem error={failure.value} />}
      <Form submit="Join" disabled={code.value.trim() === ""} onSubmit={join}>
        <Field
          label="Code or link"
          value={code.value}
          autoFocus={true}
          isCode={true}
          placeholder="7-482913"
          hint={<Words text="The other machine shows it: Pair a machine, or `syncline peer invite`." />}
          onChange={(value) => (code.value = value)}
        />
        <Field
          label="Directory for its folder"
          value={path.value}
          placeholder="in your home directory, under its name"
          hint="Absolute, on this machine. What it holds already is merged; nothing is overwritten unseen."
          onChange={(value) => (path.value = value)}
        />
        <Field
          label="Where the other machine is"
          value={at.value}
          placeholder="found on this network by itself"
          hint="HOST:PORT, when it is not found."
          onChange={(value) => (at.value = value)}
        />
        <p role="status" class="muted">
          {step.value}
        </p>
      </Form>
    </Dialog>
  );
}

function Joined({ result, onClose }: { readonly result: JoinResult; readonly onClose: () => void }): JSX.Element {
  return (
    <Dialog title="Paired" onClose={onClose}>
      <div class="notice good" role="status">
        <Icon name="check" />
        <div>
          <p class="strong">
            <Name>{`${result.peer.name} is paired`}</Name>
          </p>
          <p>
            Both machines show the same three words: <span class="words">{result.words.join(" ")}</span>
          </p>
          {result.folders.length === 0 ? null : (
            <p>
              <Name>{`Syncing ${list(result.folders.map(({ path }) => path))}`}</Name>
            </p>
          )}
        </div>
      </div>
      <div class="actions end">
        <Button kind="main" onPress={onClose}>
          Done
        </Button>
      </div>
    </Dialog>
  );
}
