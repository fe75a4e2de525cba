/** The keys of the list: move between messages, and act on the one that has the focus. */
import type { MessageRow, OwnRow, Room } from "@hubbub/client";
import type { KeyboardEvent, RefObject } from "react";
import { chordOf, rowChords } from "../keys/chords.ts";
import type { EntryActions } from "./entryActions.ts";
import { rowsIn } from "./rowFocus.ts";

export function onRowKey(
  event: KeyboardEvent<HTMLElement>,
  room: Room,
  actions: EntryActions,
  field: RefObject<HTMLElement | null>,
): void {
  const focused = focusedRow();
  const name = isOfRow(event, focused) ? chordOf(rowChords, event) : null;
  if (name === null) return;
  event.preventDefault();
  switch (name) {
    case "back":
      field.current?.focus();
      break;
    case "move":
    case "ends":
      focusNext(rowsIn(event.currentTarget), focused, event.key);
      break;
    default:
      act(name, rowOf(room, focused), actions);
  }
}

function focusedRow(): HTMLElement | null {
  return document.activeElement?.closest<HTMLElement>("[data-row]") ?? null;
}

/** Keys in the buttons of a message, or in its code, are theirs; Escape leaves them. */
function isOfRow({ key }: KeyboardEvent, focused: HTMLElement | null): boolean {
  return focused === null || focused === document.activeElement || key === "Escape";
}

type Acted = MessageRow | OwnRow | null;

type RowAction = Exclude<keyof typeof rowChords, "back" | "move" | "ends">;

const features = { reply: "reply", react: "react", edit: "edit", remove: "delete" } as const;

function act(name: RowAction, row: Acted, actions: EntryActions): void {
  if (row === null) return;
  if (name === "copy") actions.copyText(row);
  else if (row.kind === "own" || !actions.isKept(row)) return;
  else if (name === "link") actions.copyLink(row);
  else change(features[name], row, actions);
}

type Feature = (typeof features)[keyof typeof features];

function change(feature: Feature, row: MessageRow, actions: EntryActions): void {
  const isOthers = !row.own && (feature === "edit" || feature === "delete");
  if (row.message.deleted === undefined && !isOthers && actions.can(feature)) actions[feature](row);
}

function rowOf(room: Room, focused: HTMLElement | null): Acted {
  const id = focused?.dataset.row;
  const row = room.snapshot.rows.find((one) => one.id === id);
  return row === undefined || row.kind === "gap" ? null : row;
}

function focusNext(rows: readonly HTMLElement[], focused: HTMLElement | null, key: string): void {
  const last = rows.length - 1;
  const at = focused === null ? rows.length : rows.indexOf(focused);
  const next = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: last }[key] ?? at;
  const row = rows[Math.max(0, Math.min(last, next))];
  row?.focus({ preventScroll: true });
  row?.scrollIntoView({ block: "nearest" });
}
