/** Go to a message of the room, which may have to be loaded first. */
import type { MessageRow, Room } from "@hubbub/client";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { useLatest } from "../../hooks/useLatest.ts";
import { loadUpTo } from "./seek.ts";

/** A message to go to: `top` is where it is shown, in px; without it, in the middle and highlighted. */
export interface Target {
  readonly offset: number;
  readonly top?: number;
}

interface Found extends Target {
  readonly id: string;
}

interface SeekOptions {
  include(id: string): void;
  place(element: HTMLElement, top: number): void;
  onMissing(): void;
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
    void loadUpTo(room, target.offset, stop.signal).then((row) => {
      if (!stop.signal.aborted) arrive(target, row);
    });
  });
  const arrive = (target: Target, row: MessageRow | null) => {
    if (row?.message.offset !== target.offset && target.top === undefined) options.onMissing();
    if (row === null) return;
    options.include(row.id);
    setFound({ ...target, offset: row.message.offset, id: row.id });
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

/** Return the distance from the top of the list that shows the element in its upper third. */
function middleOf(element: HTMLElement): number {
  return Math.round((element.closest("[role=log]")?.clientHeight ?? 0) / 3);
}
