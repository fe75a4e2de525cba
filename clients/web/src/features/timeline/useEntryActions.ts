import type { MessageRow, OwnRow, Room } from "@hubbub/client";
import { useMemo } from "react";
import { useTexts } from "../../i18n/language.tsx";
import { copyText } from "../../ui/CopyButton.tsx";
import { useToast } from "../../ui/Toasts.tsx";
import type { EntryActions } from "./Entry.tsx";

/** Return what the user can do with the messages of a room. */
export function useEntryActions(
  room: Room,
  linkTo: (room: string, offset: number) => string,
): EntryActions {
  const toast = useToast();
  const { message } = useTexts();
  return useMemo(() => {
    const copy = async (text: string, done: string) =>
      toast({ text: (await copyText(text)) ? done : message.copyFailed });
    return {
      retry: ({ id }) => void room.retry(id).catch(() => {}),
      discard: ({ id }) => room.discard(id),
      copyText: (row) => void copy(textOf(row), message.copied),
      copyLink: (row) => void copy(linkTo(room.name, row.message.offset), message.linkCopied),
    };
  }, [room, linkTo, toast, message]);
}

function textOf(row: MessageRow | OwnRow): string {
  return row.kind === "own" ? row.text : row.message.text;
}
