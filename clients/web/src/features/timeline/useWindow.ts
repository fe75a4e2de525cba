/** The rows in the DOM: the last ones, or some around what the user reads. */
import { useMemo, useState } from "react";

export const followed = 300;
/** So many at most: a key stroke must not wait for the layout of thousands. */
export const mostShown = 600;
const step = 100;

interface HasId {
  readonly id: string;
}

export interface RowWindow<T> {
  readonly rows: readonly T[];
  /** Whether there are older rows that are not in the DOM. */
  readonly hidden: boolean;
  /** Whether there are newer ones. */
  readonly below: boolean;
  /** Add older rows to the DOM; the newest ones leave it. */
  reveal(): void;
  /** Add newer rows to the DOM, if there are any; the oldest ones leave it. */
  advance(): void;
  /** Have the rows around this one in the DOM. */
  include(id: string): void;
  /** Keep the first row, or follow the end again. */
  hold(on: boolean): void;
}

interface Place {
  readonly firstId: string;
  /** Whether the user reads there; if not, the end stays in the DOM. */
  readonly held: boolean;
}

export function useWindow<T extends HasId>(all: readonly T[]): RowWindow<T> {
  const [place, setPlace] = useState<Place | null>(null);
  const { from, to } = rangeOf(all, place);
  const below = to < all.length;
  const rows = useMemo(
    () => (from === 0 && to === all.length ? all : all.slice(from, to)),
    [all, from, to],
  );
  const moveTo = (at: number, held = true) => {
    const firstId = all[Math.max(0, at)]?.id;
    if (firstId !== undefined) setPlace({ firstId, held });
  };
  return {
    rows,
    hidden: from > 0,
    below,
    reveal: () => moveTo(from - step),
    advance: () => below && moveTo(from + step),
    include(id) {
      const at = all.findIndex((row) => row.id === id);
      const isShown = at >= from + step && at < to;
      if (at !== -1 && !isShown) moveTo(at - step, at < all.length - mostShown);
    },
    hold(on) {
      if (!on) setPlace(null);
      else if (place?.held !== true) moveTo(from);
    },
  };
}

function rangeOf(all: readonly HasId[], place: Place | null) {
  const found = place === null ? -1 : all.findIndex(({ id }) => id === place.firstId);
  if (place === null || found === -1)
    return { from: Math.max(0, all.length - followed), to: all.length };
  if (place.held) return { from: found, to: Math.min(all.length, found + mostShown) };
  return { from: Math.max(found, all.length - mostShown), to: all.length };
}
