import type { JSX } from "preact";
import { Field } from "../ui/form.tsx";

/** A new password, twice, because nobody sees what he types. */
export function NewPassword(props: {
  readonly password: { value: string };
  readonly again: { value: string };
  readonly fault: string | undefined;
}): JSX.Element {
  const { password, again, fault } = props;
  const differs = again.value !== "" && again.value !== password.value;
  return (
    <>
      <Field
        label="Password"
        type="password"
        value={password.value}
        autoComplete="new-password"
        hint={
          password.value === "" || fault === undefined
            ? "At least 8 characters; a few words are easy to keep in mind."
            : fault
        }
        onChange={(value) => (password.value = value)}
      />
      <Field
        label="The same again"
        type="password"
        value={again.value}
        autoComplete="new-password"
        hint={differs ? "The two differ." : undefined}
        onChange={(value) => (again.value = value)}
      />
    </>
  );
}
