import { useSyncExternalStore } from "react";
import type { Saved } from "./saved.ts";

export function useSaved<T>(saved: Saved<T>): T {
  return useSyncExternalStore(saved.subscribe, () => saved.value);
}
