import {
  type KeyboardEvent,
  useEffect,
  useId,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import { useAllTexts } from "../../i18n/useAllTexts.ts";
import { allEmoji, type Emoji, loadEmoji, onEmoji } from "./data.ts";
import styles from "./EmojiPicker.module.css";
import { findEmoji } from "./find.ts";

interface Props {
  /** Whether it is part of a dialog, and not an overlay of its own. */
  readonly inline?: boolean;
  onChoose(emoji: string): void;
  onClose(): void;
}

/** A field to search in, and a grid of emoji. Arrow keys move in the grid. */
export default function EmojiPicker({ inline = false, onChoose, onClose }: Props) {
  const { composer } = useAllTexts();
  const [words, setWords] = useState("");
  const all = useSyncExternalStore(onEmoji, allEmoji);
  // biome-ignore lint/correctness/useExhaustiveDependencies: they may be loaded only now
  const found = useMemo(() => findEmoji(words.trim().replace(/^:|:$/g, "")), [words, all]);
  const root = useRef<HTMLDivElement>(null);
  const id = useId();
  useCloseOutside(root, inline ? noop : onClose);
  useEffect(() => void loadEmoji(), []);
  const [first] = found;
  const use = (key: string, target: EventTarget) => {
    if (key === "Escape") onClose();
    else if (key !== "Enter") return moved(root.current, key);
    else if (!(target instanceof HTMLInputElement)) return false;
    else if (first !== undefined) onChoose(first.emoji);
    return true;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!use(event.key, event.target)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <section
      ref={root}
      className={inline ? styles.inline : styles.picker}
      onKeyDown={onKeyDown}
      aria-label={composer.emoji}
    >
      <label className={styles.hidden} htmlFor={id}>
        {composer.emojiSearch}
      </label>
      <input
        id={id}
        className={styles.field}
        data-first
        placeholder={composer.emojiSearch}
        value={words}
        onChange={(event) => setWords(event.target.value)}
        // biome-ignore lint/a11y/noAutofocus: the user just opened the picker
        autoFocus
        autoComplete="off"
      />
      {found.length === 0 && <p className={styles.none}>{composer.emojiNone}</p>}
      <Grid found={found} onChoose={onChoose} />
    </section>
  );
}

function noop(): void {}

function Grid({ found, onChoose }: { readonly found: readonly Emoji[] } & Pick<Props, "onChoose">) {
  return (
    <div className={styles.grid}>
      {found.map(({ emoji, names }) => (
        <button
          key={emoji}
          className={styles.emoji}
          type="button"
          tabIndex={-1}
          aria-label={names[0]?.replaceAll("_", " ")}
          title={`:${names[0]}:`}
          onClick={() => onChoose(emoji)}
        >
          {emoji}
        </button>
      ))}
    </div>
  );
}

/** Move the focus in the grid; false if the key is another one. */
function moved(root: HTMLElement | null, key: string): boolean {
  const field = root?.querySelector("input") ?? null;
  const buttons = [...(root?.querySelectorAll("button") ?? [])];
  const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
  if (at === -1) {
    if (key !== "ArrowDown") return false;
    buttons[0]?.focus();
    return true;
  }
  const step = stepsOf(buttons)[key];
  if (step === undefined) return false;
  (at + step < 0 ? field : buttons[at + step])?.focus();
  return true;
}

/** How far each key moves. The arrows to the sides follow the direction of the page. */
function stepsOf(buttons: readonly HTMLElement[]): Readonly<Record<string, number>> {
  const columns = columnsOf(buttons);
  const right = buttons[0] && getComputedStyle(buttons[0]).direction === "rtl" ? -1 : 1;
  return { ArrowRight: right, ArrowLeft: -right, ArrowDown: columns, ArrowUp: -columns };
}

function columnsOf(buttons: readonly HTMLElement[]): number {
  const top = buttons[0]?.offsetTop;
  const next = buttons.findIndex(({ offsetTop }) => offsetTop !== top);
  return next === -1 ? buttons.length : next;
}

function useCloseOutside(root: React.RefObject<HTMLElement | null>, close: () => void): void {
  useEffect(() => {
    const press = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) close();
    };
    document.addEventListener("pointerdown", press);
    return () => document.removeEventListener("pointerdown", press);
  }, [root, close]);
}
