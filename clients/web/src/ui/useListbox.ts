/** A list of options below a field: the arrow keys move in it while the field keeps the focus. */
import { type KeyboardEvent, useEffect, useId, useState } from "react";

export interface Listbox<T> {
  readonly id: string;
  readonly active: number;
  optionId(at: number): string;
  /** Handle a key of the field; true if the list used it. */
  onKey(event: KeyboardEvent): boolean;
  choose(option: T): void;
}

/** `acceptedBy`: the keys that accept the active option. */
export function useListbox<T>(
  options: readonly T[],
  acceptedBy: readonly string[],
  choose: (option: T) => void,
): Listbox<T> {
  const id = useId();
  const [wanted, setActive] = useState(0);
  const active = Math.min(wanted, options.length - 1);

  // biome-ignore lint/correctness/useExhaustiveDependencies: other options start at the first
  useEffect(() => setActive(0), [options]);
  const optionId = (at: number) => `${id}-${at}`;

  const moveTo = (at: number) => {
    const next = (at + options.length) % options.length;
    setActive(next);
    document.getElementById(optionId(next))?.scrollIntoView?.({ block: "nearest" });
  };
  const use = ({ key, shiftKey }: KeyboardEvent, option: T) => {
    if (key === "ArrowDown") moveTo(active + 1);
    else if (key === "ArrowUp") moveTo(active - 1);
    else if (acceptedBy.includes(key) && !shiftKey) choose(option);
    else return false;
    return true;
  };
  const onKey = (event: KeyboardEvent) => {
    const option = options[active];
    if (event.nativeEvent.isComposing || option === undefined) return false;
    const used = use(event, option);
    if (used) event.preventDefault();
    return used;
  };
  return { id, active, optionId, onKey, choose };
}
