/** The text of the message field, kept for each room also over a reload. */
import { useCallback, useEffect, useRef, useState } from "react";
import { type Stores, withEntry } from "../../stores/stores.ts";

const writtenAfter = 300;

export function useDraft(stores: Stores, room: string): [string, (text: string) => void] {
  const [text, setText] = useState(() => stores.drafts.value[room] ?? "");
  const waiting = useRef<ReturnType<typeof setTimeout>>(undefined);
  const latest = useRef(text);
  const save = useCallback(() => {
    clearTimeout(waiting.current);
    waiting.current = undefined;
    const draft = latest.current === "" ? undefined : latest.current;
    if (stores.drafts.value[room] !== draft)
      stores.drafts.update((all) => withEntry(all, room, draft));
  }, [stores, room]);

  useEffect(() => {
    window.addEventListener("pagehide", save);
    return () => {
      window.removeEventListener("pagehide", save);
      save();
    };
  }, [save]);

  const write = useCallback(
    (words: string) => {
      latest.current = words;
      setText(words);
      clearTimeout(waiting.current);
      // What was sent is removed at once: a reload must not bring it back.
      if (words === "") save();
      else waiting.current = setTimeout(save, writtenAfter);
    },
    [save],
  );
  return [text, write];
}
