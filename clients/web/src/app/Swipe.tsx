/** On a phone, a swipe from the edge opens the rooms, and one back closes what is open. A part. */
import { useEffect, useLayoutEffect, useRef } from "react";
import { useLatest } from "../hooks/useLatest.ts";
import { useMedia } from "../hooks/useMedia.ts";
import { edge, type Point, wayOf } from "./fingers.ts";
import type { Panels } from "./panels.ts";

/** What moves sideways is a swipe, and not the browser's way through its history. Wide code still scrolls. */
const sideways = `
  :root { overscroll-behavior-x: contain }
  #root :not(pre, pre *) { touch-action: pan-y pinch-zoom }
`;
const slide = { duration: 150, easing: "ease-out" };

export default function Swipe({ panels }: { readonly panels: Panels }) {
  const narrow = useMedia("(width < 44rem)");
  const swiped = useRef(false);
  const { open, onOpen, onClose } = panels;
  const mayStart = useLatest(({ x }: Point) => open !== null || fromStart(x) <= edge);
  const act = useLatest((way: "forth" | "back") => {
    const closing = open === "rooms" ? "back" : "forth";
    swiped.current = open === null && way === "forth";
    if (swiped.current) onOpen("rooms");
    else if (open !== null && way === closing) onClose();
  });
  useEffect(() => (narrow ? listen(mayStart, act) : undefined), [narrow, mayStart, act]);
  useLayoutEffect(() => {
    if (open === "rooms" && swiped.current) slideIn(document.getElementById("rooms"));
    swiped.current = false;
  }, [open]);
  return null;
}

/** Follow each finger that may swipe. The browser takes one that scrolls, up and down or through wide code. */
function listen(mayStart: (at: Point) => boolean, act: (way: "forth" | "back") => void) {
  const stop = new AbortController();
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(sideways);
  document.adoptedStyleSheets.push(sheet);
  let from: Point | null = null;
  const down = (finger: PointerEvent) => {
    const isMeant = finger.isPrimary && finger.pointerType === "touch" && mayStart(finger);
    from = isMeant ? finger : null;
  };
  const move = (finger: PointerEvent) => {
    const way = from && wayOf(from, finger, isMirrored());
    if (!way) return;
    from = null;
    act(way);
  };
  const end = () => {
    from = null;
  };
  const options = { signal: stop.signal, passive: true };
  window.addEventListener("pointerdown", down, options);
  window.addEventListener("pointermove", move, options);
  window.addEventListener("pointerup", end, options);
  window.addEventListener("pointercancel", end, options);
  return () => {
    stop.abort();
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((one) => one !== sheet);
  };
}

function isMirrored(): boolean {
  return getComputedStyle(document.documentElement).direction === "rtl";
}

function fromStart(x: number): number {
  return isMirrored() ? document.documentElement.clientWidth - x : x;
}

function slideIn(column: HTMLElement | null): void {
  if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const outside = isMirrored() ? "100%" : "-100%";
  column?.animate([{ translate: outside }, { translate: "0" }], slide);
}
