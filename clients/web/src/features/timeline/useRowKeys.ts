/** The keys of the list, once their part is loaded. */
import type { Room } from "@hubbub/client";
import { type KeyboardEvent, type RefObject, useCallback } from "react";
import { later } from "../parts/later.ts";
import type { EntryActions } from "./entryActions.ts";

const useKeys = later(() => import("./rowKeys.ts"));

export function useRowKeys(
  room: Room,
  actions: EntryActions,
  field: RefObject<HTMLElement | null>,
): (event: KeyboardEvent<HTMLElement>) => void {
  const keys = useKeys();
  return useCallback(
    (event) => keys?.onRowKey(event, room, actions, field),
    [keys, room, actions, field],
  );
}
