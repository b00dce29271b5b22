import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { passwordFault } from "../../shared/user-rules.ts";
import { call } from "../api/client.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Field, Form } from "../ui/form.tsx";
import { attempt } from "../ui/toasts.tsx";
import { NewPassword } from "./new-password.tsx";

/** Where a user sets his own password. */
export function OwnPasswordDialog(props: { readonly user: string; readonly onClose: () => void }): JSX.Element {
  const { user, onClose } = props;
  const current = useSignal("");
  const password = useSignal("");
  const again = useSignal("");
  const fault = passwordFault(password.value, user);
  return (
    <Dialog title="Change your password" onClose={onClose}>
      <Form
        submit="Change"
        disabled={current.value === "" || fault !== undefined || password.value !== again.value}
        onSubmit={async () => {
          const input = { current: current.value, password: password.value };
          if (await attempt(() => call("userOwnPassword", input), "Your password is changed")) onClose();
        }}
      >
        <p class="muted small">Wherever else you are signed in, you are signed out.</p>
        <Field
          label="Present password"
          type="password"
          value={current.value}
          autoFocus={true}
          autoComplete="current-password"
          onChange={(value) => (current.value = value)}
        />
        <NewPassword password={password} again={again} fault={fault} />
      </Form>
    </Dialog>
  );
}
