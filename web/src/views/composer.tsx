import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { SendIcon } from "./icons";

/** What was being written in other conversations, for as long as the page lives. */
const drafts = new Map<string, string>();

const heightMax = 180;

export function Composer({
  draftKey,
  name,
  onSend,
}: {
  draftKey: string;
  name: string;
  onSend(text: string): void;
}) {
  const [text, setText] = useState(drafts.get(draftKey) ?? "");
  const area = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => {
    const element = area.current;
    if (!element) return;
    element.style.height = "auto";
    element.style.height = `${Math.min(element.scrollHeight, heightMax)}px`;
  }, [text]);
  useLayoutEffect(() => {
    // On a touch screen the focus would open the keyboard over the messages.
    if (matchMedia("(pointer: fine)").matches) area.current?.focus();
  }, []);
  const change = (value: string) => {
    setText(value);
    drafts.set(draftKey, value);
  };
  const send = (event?: Event) => {
    event?.preventDefault();
    const trimmed = text.trim();
    if (trimmed === "") return;
    onSend(trimmed);
    change("");
    area.current?.focus();
  };
  return (
    <form class="composer" onSubmit={send}>
      <textarea
        ref={area}
        rows={1}
        value={text}
        placeholder="Message"
        aria-label={`Message to ${name}`}
        onInput={(event) => change(event.currentTarget.value)}
        onKeyDown={(event) => {
          // While an input method composes, Enter belongs to it.
          if (event.key === "Enter" && !event.shiftKey && !event.isComposing) send(event);
        }}
        data-testid="composer"
      />
      <button
        class="send"
        type="submit"
        aria-label="Send"
        title="Send"
        disabled={text.trim() === ""}
        data-testid="send"
      >
        <SendIcon />
      </button>
    </form>
  );
}
