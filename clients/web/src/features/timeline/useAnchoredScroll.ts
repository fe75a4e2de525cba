/**
 * Keeps what one reads where it is, whatever comes, goes or grows above and below.
 *
 * Either the list is *pinned*: its end stays in view. Or it hangs on an *anchor*, the first row in view:
 * behind each change it's moved by as much as its anchor was. The browser's own anchoring is switched off in
 * the style sheet, since it knows nothing of the end, and some browsers have none.
 */
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";

/** So near to the end, one means the end. */
const nearEnd = 40;

interface Anchor {
  readonly element: Element;
  readonly top: number;
}

export interface AnchoredScroll {
  /** The element that scrolls. */
  readonly scroller: RefObject<HTMLDivElement | null>;
  /** The element in it whose children are the rows. */
  readonly content: RefObject<HTMLOListElement | null>;
  readonly pinned: boolean;
  toEnd(): void;
}

/** `rows` is anything that is another when other rows are shown; `onScroll` is told how far from the top one is. */
export function useAnchoredScroll(
  rows: unknown,
  onScroll: (fromTop: number) => void,
): AnchoredScroll {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLOListElement>(null);
  const anchor = useRef<Anchor | null>(null);
  const pinnedNow = useRef(true);
  const [pinned, setPinned] = useState(true);

  const remember = useCallback(() => {
    const box = scroller.current;
    if (box === null || content.current === null) return;
    pinnedNow.current = box.scrollHeight - box.scrollTop - box.clientHeight <= nearEnd;
    anchor.current = pinnedNow.current ? null : firstInView(box, content.current);
    setPinned(pinnedNow.current);
  }, []);

  const restore = useCallback(() => {
    const box = scroller.current;
    if (box === null) return;
    if (pinnedNow.current) box.scrollTop = box.scrollHeight;
    else if (anchor.current?.element.isConnected)
      box.scrollTop += topIn(box, anchor.current.element) - anchor.current.top;
  }, []);

  const toEnd = useCallback(() => {
    pinnedNow.current = true;
    anchor.current = null;
    setPinned(true);
    restore();
  }, [restore]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: other rows are the reason to restore
  useLayoutEffect(restore, [rows, restore]);
  useResizes([scroller, content], restore);

  useScrolling(scroller, rows, remember, onScroll);

  return { scroller, content, pinned, toEnd };
}

function useScrolling(
  scroller: RefObject<Element | null>,
  rows: unknown,
  remember: () => void,
  onScroll: (fromTop: number) => void,
): void {
  useEffect(() => {
    const box = scroller.current;
    if (box === null) return;
    const scrolled = () => {
      remember();
      onScroll(box.scrollTop);
    };
    box.addEventListener("scroll", scrolled, { passive: true });
    return () => box.removeEventListener("scroll", scrolled);
  }, [scroller, remember, onScroll]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: too few rows to scroll give no scroll event
  useEffect(() => {
    if (scroller.current !== null) onScroll(scroller.current.scrollTop);
  }, [rows, onScroll]);
}

function useResizes(refs: readonly RefObject<Element | null>[], resized: () => void): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: refs are the same for ever
  useEffect(() => {
    if (typeof ResizeObserver === "undefined") return;
    const observer = new ResizeObserver(resized);
    for (const { current } of refs) if (current !== null) observer.observe(current);
    return () => observer.disconnect();
  }, [resized]);
}

function topIn(box: Element, element: Element): number {
  return element.getBoundingClientRect().top - box.getBoundingClientRect().top;
}

/** Find the first row whose end is below the box's top, by halves: there may be hundreds. */
function firstInView(box: Element, content: Element): Anchor | null {
  const edge = box.getBoundingClientRect().top;
  const rows = content.children;
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle]?.getBoundingClientRect().bottom ?? 0) > edge) high = middle;
    else low = middle + 1;
  }
  const element = rows[low];
  return element === undefined ? null : { element, top: topIn(box, element) };
}
