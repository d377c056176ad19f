import { TextField } from "./fields";

/** Where a password is chosen; the API's bounds are those of the field. */
export function NewPasswordField({ label }: { label: string }) {
  return (
    <TextField
      label={label}
      name="password"
      type="password"
      autoComplete="new-password"
      required
      minLength={10}
      maxLength={72}
      hint="At least 10 characters."
    />
  );
}

/** As it was typed: `entered` would take blanks off its ends. */
export function passwordIn(form: HTMLFormElement): string {
  return new FormData(form).get("password") as string;
}
