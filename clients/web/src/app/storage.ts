/** The browser's storage, or one that forgets where the user blocks it. */
import type { KeyValue } from "@hubbub/client";

/** With cookies blocked, even reading `window.localStorage` throws. */
export function storageOrNone(storage: () => KeyValue): KeyValue {
  try {
    return storage();
  } catch {
    return none;
  }
}

const none: KeyValue = {
  getItem: () => null,
  setItem: () => {},
  removeItem: () => {},
};
