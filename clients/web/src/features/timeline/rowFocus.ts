/** The rows of the list, which take the focus. */

/** Put the focus on the last message. */
export function focusLastRow(list: Element | null): void {
  if (list !== null) rowsIn(list).at(-1)?.focus();
}

export function rowsIn(list: Element): HTMLElement[] {
  return [...list.querySelectorAll<HTMLElement>("[data-row]")];
}
