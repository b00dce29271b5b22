import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { signIn, signInFailure } from "../api/live.ts";
import { Problem } from "../ui/basics.tsx";
import { Field, Form } from "../ui/form.tsx";

/** What somebody sees who is not signed in. */
export function SignInPage(): JSX.Element {
  const user = useSignal("");
  const password = useSignal("");
  const failure = useSignal<unknown>(signInFailure.value);
  useEffect(() => {
    document.title = "Sign in · Syncline";
  }, []);
  const submit = async (): Promise<void> => {
    try {
      await signIn(user.value, password.value);
    } catch (error) {
      failure.value = error;
      password.value = "";
    }
  };
  return (
    <main class="sign-in">
      <section class="card">
        <h1>Sign in to Syncline</h1>
        {failure.value === undefined ? null : <Problem error={failure.value} />}
        <Form submit="Sign in" disabled={user.value === "" || password.value === ""} onSubmit={submit}>
          <Field label="Name" value={user.value} autoComplete="username" onChange={(value) => (user.value = value)} />
          <Field
            label="Password"
            type="password"
            value={password.value}
            autoComplete="current-password"
            onChange={(value) => (password.value = value)}
          />
        </Form>
        <div class="stack tight">
          <p>If this machine is yours, run</p>
          <p>
            <code class="words">syncline open</code>
          </p>
          <p>
            It opens this page signed in. For a link to paste: <code>syncline open --print</code>
          </p>
        </div>
      </section>
    </main>
  );
}
