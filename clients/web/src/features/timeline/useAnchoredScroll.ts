/**
 * Keeps the visible rows in place when rows are added, removed or resized above and below them.
 *
 * The list is either *pinned*, with its end visible, or it has an *anchor*, the first visible row: after
 * each change it scrolls by as much as its anchor moved. The style sheet disables the scroll anchoring of
 * the browser, which cannot follow the end and is missing in some browsers.
 */
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";

/** Within this distance of the end, the list is pinned. */
const nearEnd = 40;

interface Anchor {
  readonly element: Element;
  /** Of its text. */
  readonly top: number;
  /** Of the list, when the anchor was at `top`. */
  readonly scrollTop: number;
}

export interface AnchoredScroll {
  /** The element that scrolls. */
  readonly scroller: RefObject<HTMLDivElement | null>;
  /** The element in it whose children are the rows. */
  readonly content: RefObject<HTMLOListElement | null>;
  readonly pinned: boolean;
  toEnd(): void;
  /** Scroll so that a row is at this distance from the top, and keep it there. */
  place(element: HTMLElement, top: number): void;
}

/**
 * `rows` must be a new reference for each change of the rows; `hasEnd` is whether the last of all rows is among them;
 * `onScroll` receives the distances from the top and from the end.
 */
export function useAnchoredScroll(
  rows: unknown,
  hasEnd: boolean,
  onScroll: (fromTop: number, fromEnd: number) => void,
): AnchoredScroll {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLOListElement>(null);
  const hasEndNow = useRef(hasEnd);
  // Before the first scroll event of these rows.
  useLayoutEffect(() => {
    hasEndNow.current = hasEnd;
  }, [hasEnd]);
  const { pinned, remember, restore, toEnd, place } = useAnchor(scroller, content, hasEndNow);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a change of rows is the reason to restore
  useLayoutEffect(restore, [rows, restore]);
  useResizes([scroller, content], restore);
  useScrolling(scroller, rows, remember, onScroll);

  return { scroller, content, pinned, toEnd, place };
}

/** The position of the list: its end, or the anchor. */
function useAnchor(
  scroller: RefObject<HTMLDivElement | null>,
  content: RefObject<HTMLOListElement | null>,
  hasEnd: RefObject<boolean>,
) {
  const anchor = useRef<Anchor | null>(null);
  const pinnedNow = useRef(true);
  const [pinned, setPinned] = useState(true);

  const remember = useCallback(() => {
    const box = scroller.current;
    if (box === null || content.current === null) return;
    pinnedNow.current = hasEnd.current && fromEnd(box) <= nearEnd;
    anchor.current = pinnedNow.current ? null : firstInView(box, content.current);
    setPinned(pinnedNow.current);
  }, [scroller, content, hasEnd]);

  const restore = useCallback(() => {
    const box = scroller.current;
    if (box === null) return;
    if (pinnedNow.current) box.scrollTop = box.scrollHeight;
    else if (anchor.current?.element.isConnected)
      anchor.current = restoreAnchor(box, anchor.current);
  }, [scroller]);

  const moveTo = useCallback(
    (next: Anchor | null) => {
      anchor.current = next;
      pinnedNow.current = next === null;
      restore();
      remember();
    },
    [restore, remember],
  );
  const toEnd = useCallback(() => {
    if (hasEnd.current) return moveTo(null);
    // The last rows come with the next render, which restores.
    pinnedNow.current = true;
    setPinned(true);
  }, [moveTo, hasEnd]);
  const place = useCallback(
    (element: HTMLElement, top: number) =>
      scroller.current && moveTo(anchorAt(scroller.current, element, top + aboveText(element))),
    [scroller, moveTo],
  );
  return { pinned, remember, restore, toEnd, place };
}

function useScrolling(
  scroller: RefObject<Element | null>,
  rows: unknown,
  remember: () => void,
  onScroll: (fromTop: number, fromEnd: number) => void,
): void {
  useEffect(() => {
    const box = scroller.current;
    if (box === null) return;
    const scrolled = () => {
      remember();
      onScroll(box.scrollTop, fromEnd(box));
    };
    box.addEventListener("scroll", scrolled, { passive: true });
    return () => box.removeEventListener("scroll", scrolled);
  }, [scroller, remember, onScroll]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: without an overflow there is no scroll event
  useEffect(() => {
    const box = scroller.current;
    if (box !== null) onScroll(box.scrollTop, fromEnd(box));
  }, [rows, onScroll]);
}

function useResizes(refs: readonly RefObject<Element | null>[], resized: () => void): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: refs never change
  useEffect(() => {
    if (typeof ResizeObserver === "undefined") return;
    const observer = new ResizeObserver(resized);
    for (const { current } of refs) if (current !== null) observer.observe(current);
    return () => observer.disconnect();
  }, [resized]);
}

function fromEnd(box: Element): number {
  return box.scrollHeight - box.scrollTop - box.clientHeight;
}

/**
 * The height of what stands above the text of a row. It changes with the row before: only the first of a group names
 * the author. The text, and what follows it, must not move then.
 */
function aboveText(row: Element): number {
  const text = row.querySelector(":scope > [dir]") ?? row;
  return topIn(row, text);
}

function anchorAt(box: Element, element: Element, top: number): Anchor {
  return { element, top, scrollTop: box.scrollTop };
}

/** Scroll to where the anchor was. The reader may have scrolled it already, with the event still to come. */
function restoreAnchor(box: Element, { element, top, scrollTop }: Anchor): Anchor {
  const expected = top - scrolledSince(box, scrollTop);
  box.scrollTop += topIn(box, element) + aboveText(element) - expected;
  return anchorAt(box, element, expected);
}

/** How far the reader scrolled down. At the end it may be the browser, because there is less to show. */
function scrolledSince(box: Element, scrollTop: number): number {
  const scrolled = box.scrollTop - scrollTop;
  return scrolled < 0 && fromEnd(box) < 1 ? 0 : scrolled;
}

export function topIn(box: Element, element: Element): number {
  return element.getBoundingClientRect().top - box.getBoundingClientRect().top;
}

/**
 * Find the first message whose bottom is below the top of the box, by binary search. The line of a day is not taken:
 * it stays the first row when older messages come in below it.
 */
export function firstInView(box: Element, content: Element): Anchor | null {
  const edge = box.getBoundingClientRect().top;
  const rows = content.querySelectorAll("[data-row]");
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle]?.getBoundingClientRect().bottom ?? 0) > edge) high = middle;
    else low = middle + 1;
  }
  const element = rows[low];
  return element === undefined
    ? null
    : anchorAt(box, element, topIn(box, element) + aboveText(element));
}
