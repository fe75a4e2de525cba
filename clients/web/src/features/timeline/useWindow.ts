/** The rows in the DOM: the last ones, or all from the row up to which the user scrolled. */
import { useState } from "react";

export const followed = 300;
const step = 100;

interface HasId {
  readonly id: string;
}

export interface RowWindow<T> {
  readonly rows: readonly T[];
  /** Whether there are older rows that are not in the DOM. */
  readonly hidden: boolean;
  /** Add more of those to the DOM. */
  reveal(): void;
  /** Add all rows from a bit above this one on. */
  include(id: string): void;
  /** Keep the first row, or follow the end again. */
  hold(on: boolean): void;
}

export function useWindow<T extends HasId>(all: readonly T[]): RowWindow<T> {
  const [firstId, setFirstId] = useState<string | null>(null);
  const found = firstId === null ? -1 : all.findIndex(({ id }) => id === firstId);
  const from = found === -1 ? Math.max(0, all.length - followed) : found;
  const idAt = (at: number) => all[Math.max(0, at)]?.id ?? null;
  return {
    rows: from === 0 ? all : all.slice(from),
    hidden: from > 0,
    reveal: () => setFirstId(idAt(from - step)),
    include(id) {
      const at = all.findIndex((row) => row.id === id);
      if (at !== -1) setFirstId(idAt(Math.min(from, at - step)));
    },
    hold: (on) => setFirstId((before) => (on ? (before ?? all[from]?.id ?? null) : null)),
  };
}
