/** Go to a message of the room, which may have to be loaded first. */
import type { MessageRow, Room } from "@hubbub/client";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { useLatest } from "../../hooks/useLatest.ts";
import { loadUpTo, type MessageTarget, type Target } from "./seek.ts";

/** Where the first message of a day is shown: below the name of the day, in px. */
const belowDay = 56;
const slowAfter = 1_000;

interface Found extends MessageTarget {
  readonly id: string;
}

interface SeekOptions {
  include(id: string): void;
  place(element: HTMLElement, top: number): void;
  onMissing(target: Target): void;
  /** It takes long: `stop` ends it. */
  onSlow(stop: () => void): void;
}

export interface Seek {
  /** The row that was sought, and is highlighted. */
  readonly highlighted: string | null;
  seek(target: Target): void;
}

/** `content` holds the rows, each with `data-offset`. */
export function useSeek(
  room: Room,
  content: React.RefObject<HTMLElement | null>,
  options: SeekOptions,
): Seek {
  const [found, setFound] = useState<Found | null>(null);
  const placed = useRef<Found | null>(null);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);

  const seek = useLatest((target: Target) => {
    running.current?.abort();
    const stop = new AbortController();
    running.current = stop;
    const slow = setTimeout(() => options.onSlow(() => stop.abort()), slowAfter);
    void loadUpTo(room, target, stop.signal).then((row) => {
      clearTimeout(slow);
      if (!stop.signal.aborted) arrive(target, row);
    });
  });
  const arrive = (target: Target, row: MessageRow | null) => {
    if (isMissing(target, row)) options.onMissing(target);
    if (row === null) return;
    options.include(row.id);
    const top = "at" in target ? { top: belowDay } : target;
    setFound({ ...top, offset: row.message.offset, id: row.id });
  };

  // After each render, because the row may be revealed by a later one.
  useLayoutEffect(() => {
    if (found === null || placed.current === found) return;
    const element = content.current?.querySelector<HTMLElement>(`[data-offset="${found.offset}"]`);
    if (element == null) return;
    placed.current = found;
    options.place(element, found.top ?? middleOf(element));
  });
  const highlighted = found !== null && found.top === undefined ? found.id : null;
  return { highlighted, seek };
}

/** A place where the user was reading need not be there any more. */
function isMissing(target: Target, row: MessageRow | null): boolean {
  if ("at" in target) return row === null;
  return row?.message.offset !== target.offset && target.top === undefined;
}

/** Return the distance from the top of the list that shows the element in its upper third. */
function middleOf(element: HTMLElement): number {
  return Math.round((element.closest("[role=log]")?.clientHeight ?? 0) / 3);
}
