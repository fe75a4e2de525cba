/** The browser's storage, or one that forgets where the user blocks it. */

/** The part of a `Storage` that the page uses. */
export type PageStorage = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

/** With cookies blocked, even reading `window.localStorage` throws. */
export function storageOrNone(storage: () => PageStorage): PageStorage {
  try {
    return storage();
  } catch {
    return noStorage;
  }
}

export const noStorage: PageStorage = {
  length: 0,
  key: () => null,
  getItem: () => null,
  setItem: () => {},
  removeItem: () => {},
};
