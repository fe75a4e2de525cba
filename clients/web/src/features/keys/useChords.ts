import { useEffect } from "react";
import { useLatest } from "../../hooks/useLatest.ts";
import { chordOf, pageChords } from "./chords.ts";

export type PageActions = Readonly<Record<keyof typeof pageChords, () => void>>;

/** Call the action of a chord that is pressed anywhere, except while a dialog is open. */
export function useChords(actions: PageActions): void {
  const press = useLatest((event: KeyboardEvent) => {
    const name = chordOf(pageChords, event);
    if (name === null || event.defaultPrevented || event.isComposing) return;
    if (document.querySelector("dialog[open]") !== null) return;
    if (isTyped(event)) return;
    event.preventDefault();
    actions[name]();
  });
  useEffect(() => {
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [press]);
}

/** A character in a field is text, not a chord. */
function isTyped({ key, ctrlKey, altKey, metaKey, target }: KeyboardEvent): boolean {
  if (key.length > 1 || ctrlKey || altKey || metaKey) return false;
  return target instanceof Element && target.matches("input, textarea, select, [contenteditable]");
}
