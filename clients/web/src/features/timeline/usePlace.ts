/** Remember where the user was reading, also over a reload. */
import type { Room } from "@hubbub/client";
import { useCallback, useEffect, useRef } from "react";
import type { Place } from "../../stores/readMarks.ts";
import { type Stores, withEntry } from "../../stores/stores.ts";
import { firstInView, topIn } from "./useAnchoredScroll.ts";

const writtenAfter = 300;

/** Return the function to call when the list was scrolled. */
export function usePlace(room: Room, stores: Stores) {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback(
    (box: Element | null, content: Element | null, pinned: boolean) => {
      if (box === null || content === null) return;
      const place = pinned ? undefined : placeIn(box, content);
      clearTimeout(timer.current);
      const keep = () => save(stores, room.name, place);
      timer.current = setTimeout(keep, writtenAfter);
    },
    [room, stores],
  );
}

function save({ places }: Stores, room: string, place: Place | undefined): void {
  if (place === undefined && places.value[room] === undefined) return;
  places.update((all) => withEntry(all, room, place));
}

function placeIn(box: Element, content: Element): Place | undefined {
  let element = firstInView(box, content)?.element ?? null;
  while (element !== null && !(element as HTMLElement).dataset.offset)
    element = element.nextElementSibling;
  if (element === null) return undefined;
  return { offset: Number((element as HTMLElement).dataset.offset), top: topIn(box, element) };
}
