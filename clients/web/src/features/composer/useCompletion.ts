/** The suggestions at the cursor of the message field. */
import {
  type RefObject,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import { useListbox } from "../../ui/useListbox.ts";
import { allEmoji, loadEmoji, onEmoji } from "../emoji/data.ts";
import { later } from "../parts/later.ts";
import type { Completion, Suggestion } from "./completion.ts";

interface Options {
  readonly field: RefObject<HTMLTextAreaElement | null>;
  readonly text: string;
  readonly names: readonly string[];
  onText(text: string): void;
}

const useCompletions = later(() => import("./Suggestions.tsx"));
const none: readonly Suggestion[] = [];

export function useCompletion({ field, text, names, onText }: Options) {
  const [cursor, setCursor] = useState<number | null>(null);
  useEffect(() => void loadEmoji(), []);
  const emoji = useSyncExternalStore(onEmoji, allEmoji);
  const completions = useCompletions();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the emoji may be loaded only now
  const completion = useMemo<Completion | null>(
    () => (cursor === null ? null : (completions?.complete(text, cursor, names) ?? null)),
    [text, cursor, names, emoji, completions],
  );
  const replace = useReplacing(field, text, onText);
  const choose = ({ insert }: Suggestion) => {
    if (completion !== null) replace(completion.from, completion.to, insert);
    setCursor(null);
  };
  const suggestions = completion?.suggestions ?? none;
  const list = useListbox(suggestions, ["Enter", "Tab"], choose);
  const isOpen = suggestions.length > 0;

  return {
    list,
    suggestions,
    /** Shows them; null until it is loaded. */
    Suggestions: completions?.Suggestions ?? null,
    moved() {
      const { current: element } = field;
      const isCaret = element !== null && element.selectionStart === element.selectionEnd;
      setCursor(isCaret ? element.selectionStart : null);
    },
    close: () => setCursor(null),
    /** Insert a text at the cursor, or in place of what is selected. */
    insert(words: string) {
      const { selectionStart = text.length, selectionEnd = text.length } = field.current ?? {};
      replace(selectionStart, selectionEnd, words);
    },
    onKey(event: React.KeyboardEvent): boolean {
      if (!isOpen) return false;
      if (event.key !== "Escape") return list.onKey(event);
      event.stopPropagation();
      setCursor(null);
      return true;
    },
    aria: isOpen
      ? { "aria-controls": list.id, "aria-activedescendant": list.optionId(list.active) }
      : {},
  };
}

/** Replace a part of the text, and put the cursor behind the new words. */
function useReplacing(
  field: Options["field"],
  text: string,
  onText: (text: string) => void,
): (from: number, to: number, words: string) => void {
  const next = useRef<number | null>(null);
  useLayoutEffect(() => {
    if (next.current === null) return;
    field.current?.focus();
    field.current?.setSelectionRange(next.current, next.current);
    next.current = null;
  });
  return (from, to, words) => {
    next.current = from + words.length;
    onText(text.slice(0, from) + words + text.slice(to));
  };
}
