/** Watch the network and the visibility of a browser page. */
import type { Input } from "./sans-io/effects.ts";

/** Start watching; returns a function that stops it. Outside a browser it does nothing. */
export function watchNetwork(step: (input: Input) => void): () => void {
  if (typeof window === "undefined") return () => {};
  const stop = new AbortController();
  const { signal } = stop;
  if (navigator.onLine === false) step(["offline"]);
  window.addEventListener("online", () => step(["online"]), { signal });
  window.addEventListener("offline", () => step(["offline"]), { signal });
  // Timers are suspended with the page: check the deadline, and reconnect now.
  const woke = () => {
    if (document.visibilityState !== "visible") return;
    step(["tick"]);
    step(["retry"]);
  };
  document.addEventListener("visibilitychange", woke, { signal });
  window.addEventListener("pageshow", woke, { signal });
  return () => stop.abort();
}
