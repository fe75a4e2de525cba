/** Whether the user is away from this page: it is hidden, or has had no input for ten minutes (PR6). */
import type { Client } from "@hubbub/client";
import { useEffect } from "react";

/** Without input for so long the user is away, in ms. */
export const idleAfter = 600_000;
/** A tab that is hidden for a moment is not left. */
export const hiddenAfter = 2_000;

const inputs = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"];

/** Report whether the user is away, at each change. The returned function ends it. */
export function watchAway(report: (away: boolean) => void): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  let timer = 0;
  let away = false;
  let last = Date.now();
  const look = () => {
    clearTimeout(timer);
    const after = document.visibilityState === "hidden" ? hiddenAfter : idleAfter;
    const left = last + after - Date.now();
    if (left > 0) timer = window.setTimeout(look, left);
    if (left <= 0 === away) return;
    away = left <= 0;
    report(away);
  };
  const input = () => {
    last = Date.now();
    if (away) look();
  };
  for (const type of inputs)
    window.addEventListener(type, input, { signal, capture: true, passive: true });
  document.addEventListener(
    "visibilitychange",
    () => {
      last = Date.now();
      look();
    },
    { signal },
  );
  look();
  return () => {
    stop.abort();
    clearTimeout(timer);
  };
}

/** Report to the server whether the user is away. */
export function useAway(client: Client): void {
  useEffect(() => watchAway((away) => client.away(away)), [client]);
}
