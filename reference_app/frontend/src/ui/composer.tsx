import { useId, useState, type KeyboardEvent } from "react";
import { Button } from "./button";
import { Icon } from "./icons";
import { Refusal } from "./states";

/** Where a message is written. Enter sends it, Shift and Enter begins a line. */
export function Composer({
  busy,
  error,
  onSend,
  onType,
}: {
  busy: boolean;
  error: unknown;
  onSend: (body: string) => Promise<boolean>;
  onType?: () => void;
}) {
  const [body, setBody] = useState("");
  const id = useId();
  const send = async () => {
    const words = body.trim();
    if (words !== "" && (await onSend(words))) setBody("");
  };
  const key = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    void send();
  };
  return (
    <form
      className="grid gap-3 border-t border-line p-3"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <Refusal error={error} />
      <div className="flex items-end gap-2">
        <label htmlFor={id} className="sr-only">
          Your message
        </label>
        <textarea
          id={id}
          rows={2}
          maxLength={5000}
          placeholder="Write a message"
          value={body}
          onKeyDown={key}
          onChange={(event) => {
            setBody(event.target.value);
            onType?.();
          }}
          className="w-full resize-none rounded-xl border border-strong-line/60 bg-surface px-3.5 py-2.5"
        />
        <Button type="submit" busy={busy} aria-label="Send" className="px-3">
          <Icon name="send" />
        </Button>
      </div>
    </form>
  );
}
