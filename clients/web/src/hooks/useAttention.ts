import { useSyncExternalStore } from "react";

/** Return whether the user looks at this page: it is visible, and its window has the focus. */
export function useAttention(): boolean {
  return useSyncExternalStore(subscribe, hasAttention);
}

export function hasAttention(): boolean {
  return document.visibilityState === "visible" && document.hasFocus();
}

function subscribe(listener: () => void): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  window.addEventListener("focus", listener, { signal });
  window.addEventListener("blur", listener, { signal });
  document.addEventListener("visibilitychange", listener, { signal });
  return () => stop.abort();
}
