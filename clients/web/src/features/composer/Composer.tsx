import type { File } from "@hubbub/client";
import {
  type ChangeEvent,
  type KeyboardEvent,
  type ReactNode,
  type RefObject,
  type SubmitEvent,
  useEffect,
  useRef,
  useState,
} from "react";
import { useTexts } from "../../i18n/language.tsx";
import buttons from "../../ui/buttons.module.css";
import { Icon } from "../../ui/Icon.tsx";
import { LazyEmojiPicker } from "../emoji/LazyEmojiPicker.ts";
import styles from "./Composer.module.css";
import { sends, strokeOf } from "./enterKey.ts";
import { useCompletion } from "./useCompletion.ts";

/** From this share of the limit on, the number of characters left is shown. */
const nearlyFull = 0.9;

export interface ComposerProps {
  readonly room: string;
  /** Whom the user may mention. */
  readonly names: readonly string[];
  /** The server's limit of characters. */
  readonly most: number;
  readonly text: string;
  readonly field: RefObject<HTMLTextAreaElement | null>;
  /** The files of the message; null while one is on its way. */
  readonly files?: readonly File[] | null;
  readonly attach?: ReactNode;
  onText(text: string): void;
  onSend(text: string): void;
  /** A key that neither completes nor sends; true if it was used. */
  onKey(key: string, empty: boolean): boolean;
}

/** The message field. Enter sends, Shift+Enter starts a new line. */
export function Composer({
  room,
  names,
  most,
  text,
  field,
  files = [],
  attach,
  ...on
}: ComposerProps) {
  const { composer } = useTexts();
  const completion = useCompletion({ field, text, names, onText: on.onText });
  const { Suggestions } = completion;
  const length = [...text].length;
  const sendable = files && (text.trim() || files[0]) && length <= most;
  useFocusAtFirst(field);

  const send = (event: SubmitEvent | KeyboardEvent) => {
    event.preventDefault();
    if (sendable) on.onSend(text);
    field.current?.focus();
  };
  const press = (event: KeyboardEvent) => {
    if (completion.onKey(event)) return;
    if (sends(strokeOf(event))) send(event);
    else if (on.onKey(event.key, text === "")) event.preventDefault();
  };

  return (
    <form className={styles.composer} onSubmit={send}>
      {Suggestions !== null && <Suggestions completion={completion} />}
      <div className={styles.box} data-invalid={length > most}>
        <Field
          label={composer.label(room)}
          text={text}
          invalid={length > most}
          field={field}
          completion={completion}
          onText={on.onText}
          onKeyDown={press}
        />
        {attach}
        <EmojiButton onChoose={completion.insert} />
        <button
          className={styles.send}
          type="submit"
          aria-label={composer.send}
          title={composer.send}
          disabled={!sendable}
        >
          <Icon name="send" />
        </button>
      </div>
      {length > most * nearlyFull && <Left count={most - length} />}
    </form>
  );
}

interface FieldProps extends Pick<ComposerProps, "text" | "field" | "onText"> {
  readonly label: string;
  readonly invalid: boolean;
  readonly completion: ReturnType<typeof useCompletion>;
  onKeyDown(event: KeyboardEvent): void;
}

function Field({ label, text, invalid, field, completion, onText, onKeyDown }: FieldProps) {
  const write = (event: ChangeEvent<HTMLTextAreaElement>) => {
    onText(event.target.value);
    completion.moved();
  };
  return (
    <textarea
      ref={field}
      className={styles.field}
      aria-label={label}
      placeholder={label}
      rows={1}
      value={text}
      enterKeyHint="send"
      dir="auto"
      aria-invalid={invalid}
      aria-autocomplete="list"
      {...completion.aria}
      onChange={write}
      onSelect={completion.moved}
      onBlur={completion.close}
      onKeyDown={onKeyDown}
    />
  );
}

function EmojiButton({ onChoose }: { onChoose(emoji: string): void }) {
  const { composer } = useTexts();
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  return (
    <div className={styles.emoji}>
      <button
        ref={button}
        className={buttons.icon}
        type="button"
        aria-label={composer.emoji}
        title={composer.emoji}
        aria-expanded={open}
        // The picker closes when the pointer is pressed outside of it: not also by this press.
        onPointerDown={(event) => open && event.nativeEvent.stopPropagation()}
        onClick={() => setOpen(!open)}
      >
        <Icon name="face" />
      </button>
      {open && (
        <LazyEmojiPicker
          onChoose={(emoji) => {
            setOpen(false);
            onChoose(emoji);
          }}
          onClose={() => {
            setOpen(false);
            button.current?.focus();
          }}
        />
      )}
    </div>
  );
}

function Left({ count }: { readonly count: number }) {
  const { composer } = useTexts();
  return (
    <output className={styles.left} data-over={count < 0}>
      {count < 0 ? composer.tooMany(-count) : count}
    </output>
  );
}

function useFocusAtFirst(field: RefObject<HTMLTextAreaElement | null>): void {
  useEffect(() => {
    // On a phone the focus would open the keyboard over the messages.
    if (window.matchMedia?.("(hover: hover)").matches) field.current?.focus();
  }, [field]);
}
