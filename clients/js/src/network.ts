/** What a browser knows of its network and its windows, as inputs for the core. */
import type { Input } from "./sans-io/effects.ts";

/** Watch from now on; the answer is the way to stop it. Where there's no browser, nothing happens. */
export function watchNetwork(step: (input: Input) => void): () => void {
  if (typeof window === "undefined") return () => {};
  const stop = new AbortController();
  const { signal } = stop;
  if (navigator.onLine === false) step(["offline"]);
  window.addEventListener("online", () => step(["online"]), { signal });
  window.addEventListener("offline", () => step(["offline"]), { signal });
  // Timers sleep with the page: look at the deadline, and don't let the reader wait for a retry.
  const woke = () => {
    if (document.visibilityState !== "visible") return;
    step(["tick"]);
    step(["retry"]);
  };
  document.addEventListener("visibilitychange", woke, { signal });
  window.addEventListener("pageshow", woke, { signal });
  return () => stop.abort();
}
