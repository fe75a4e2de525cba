import type { Author, Client, MessageRow, OwnRow, Position, Room } from "@hubbub/client";
import { isSameAuthor, NotSent } from "@hubbub/client";
import { useMemo } from "react";
import { useTexts } from "../../i18n/language.tsx";
import { copyText } from "../../ui/copyText.ts";
import { useToast } from "../../ui/Toasts.tsx";
import { mentionsUser, meOf } from "../markup/mentions.ts";
import { useSendErrorText } from "../sendErrors/sendErrors.ts";
import type { EntryActions } from "./entryActions.ts";

interface Options {
  readonly room: Room;
  readonly client: Client;
  linkTo(room: string, offset: number): string;
  onReply(row: MessageRow): void;
  onEdit(row: MessageRow): void;
  onThread(root: number): void;
  onReact(row: MessageRow): void;
  onDelete(row: MessageRow): void;
  onProfile(author: Author): void;
}

/** Return what the user can do with the messages of a room: the same object until the room changes. */
export function useEntryActions(options: Options): EntryActions {
  const { room, client, linkTo, onReply, onEdit, onThread, onReact, onDelete, onProfile } = options;
  const toast = useToast();
  const { message } = useTexts();
  const report = useReportChange();
  return useMemo(() => {
    const copy = async (text: string, done: string) =>
      toast({ text: (await copyText(text)) ? done : message.copyFailed });
    return {
      can: (feature) => client.features.includes(feature),
      isKept: ({ epoch }) => epoch === room.snapshot.position?.epoch,
      isMe: (author) => {
        const { user, userId } = client;
        return isSameAuthor(author, { user: user ?? "", ...(userId && { user_id: userId }) });
      },
      mentionsMe: (written) => mentionsUser(written, meOf(client)),
      retry: ({ id }) => void room.retry(id).catch(() => {}),
      discard: ({ id }) => room.discard(id),
      copyText: (row) => void copy(textOf(row), message.copied),
      copyLink: (row) => void copy(linkTo(room.name, row.message.offset), message.linkCopied),
      reply: onReply,
      edit: onEdit,
      thread: ({ message: { thread, reply_to, offset } }) => onThread(thread ?? reply_to ?? offset),
      delete: onDelete,
      profile: onProfile,
      react: onReact,
      toggle: (row, emoji, on) =>
        report(on ? room.react(positionOf(row), emoji) : room.unreact(positionOf(row), emoji)),
    };
  }, [
    room,
    client,
    linkTo,
    onReply,
    onEdit,
    onThread,
    onReact,
    onDelete,
    onProfile,
    toast,
    message,
    report,
  ]);
}

/** Return the function that shows why a change failed. */
export function useReportChange(): (change: Promise<unknown>) => void {
  const toast = useToast();
  const texts = useTexts();
  const errorText = useSendErrorText();
  return useMemo(
    () => (change) => {
      change.catch((error: unknown) => {
        if (!(error instanceof NotSent)) return;
        const reason = errorText(error.code, error.message);
        toast({ text: texts.message.notChanged(reason) });
      });
    },
    [toast, texts, errorText],
  );
}

export function positionOf({ epoch, message }: MessageRow): Position {
  return { epoch, offset: message.offset };
}

function textOf(row: MessageRow | OwnRow): string {
  return row.kind === "own" ? row.text : row.message.text;
}
