import { NotSent, type Room } from "@hubbub/client";
import {
  type Dispatch,
  type KeyboardEvent,
  type RefObject,
  type SetStateAction,
  type SubmitEvent,
  useEffect,
  useRef,
  useState,
} from "react";
import { useVoice } from "../../ui/Announcer.tsx";
import { sendErrorText } from "../sendErrors/sendErrors.ts";
import styles from "./Composer.module.css";
import { type KeyStroke, sends } from "./enterKey.ts";

/** From this share of the limit on, the number of characters left is shown. */
const nearlyFull = 0.9;

interface Props {
  readonly room: Room;
  /** The server's limit of characters. */
  readonly most: number;
  /** The unsent text from when the room was last open. */
  readonly draft: string;
  readonly disabled: boolean;
  onDraft(text: string): void;
}

/** The message field. Enter sends, Shift+Enter starts a new line. */
export function Composer({ room, most, draft, disabled, onDraft }: Props) {
  const [text, setText] = useState(draft);
  const field = useRef<HTMLTextAreaElement>(null);
  const submit = useSending(room, setText);
  const length = [...text].length;
  const sendable = text.trim() !== "" && length <= most && !disabled;
  useEffect(() => onDraft(text), [text, onDraft]);
  useFocusAtFirst(field);

  const send = (event: SubmitEvent | KeyboardEvent) => {
    event.preventDefault();
    if (sendable) submit(text);
    field.current?.focus();
  };
  const write = (words: string) => {
    setText(words);
    if (words !== "") room.typing();
  };

  return (
    <form className={styles.composer} onSubmit={send}>
      <textarea
        ref={field}
        className={styles.field}
        aria-label={`Message to ${room.name}`}
        placeholder={`Message to ${room.name}`}
        rows={1}
        value={text}
        disabled={disabled}
        enterKeyHint="send"
        dir="auto"
        aria-invalid={length > most}
        onChange={(event) => write(event.target.value)}
        onKeyDown={(event) => sends(strokeOf(event)) && send(event)}
      />
      {length > most * nearlyFull && <Left count={most - length} />}
      <button className={styles.send} type="submit" disabled={!sendable}>
        Send
      </button>
    </form>
  );
}

function Left({ count }: { readonly count: number }) {
  return (
    <output className={styles.left} data-over={count < 0}>
      {count < 0 ? `${-count} ${count === -1 ? "character" : "characters"} too many` : count}
    </output>
  );
}

function useFocusAtFirst(field: RefObject<HTMLTextAreaElement | null>): void {
  useEffect(() => {
    // On a phone the focus would open the keyboard over the messages.
    if (window.matchMedia?.("(hover: hover)").matches) field.current?.focus();
  }, [field]);
}

/** Send a text and clear the field; a text that no outbox holds is restored. */
function useSending(room: Room, setText: Dispatch<SetStateAction<string>>): (text: string) => void {
  const voice = useVoice();
  return (text) => {
    setText("");
    room.send(text).done.catch((error: unknown) => {
      if (!(error instanceof NotSent)) return;
      if (notQueued.has(error.code)) setText((since) => (since === "" ? text : since));
      voice.alert(`Not sent: ${sendErrorText(error.code, error.message)}`);
    });
  };
}

/** The errors of messages that are not in the outbox: their text is restored. */
const notQueued: ReadonlySet<string> = new Set(["outbox_full", "not_joined"]);

function strokeOf({ key, shiftKey, keyCode, nativeEvent }: KeyboardEvent): KeyStroke {
  return { key, shiftKey, keyCode, isComposing: nativeEvent.isComposing };
}
