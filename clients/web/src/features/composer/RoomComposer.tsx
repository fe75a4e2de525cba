import type { Client, File, MessageRow, Position, Room } from "@hubbub/client";
import { type RefObject, useEffect, useState } from "react";
import type { Stores } from "../../stores/stores.ts";
import { withEmoji } from "../emoji/data.ts";
import { laterShown } from "../parts/later.ts";
import { focusLastRow } from "../timeline/rowFocus.ts";
import { positionOf, useReportChange } from "../timeline/useEntryActions.ts";
import { Composer } from "./Composer.tsx";
import { useDraft } from "./useDraft.ts";
import { useSending } from "./useSending.ts";

const Attachments = laterShown(() => import("../files/Attachments.tsx"));
export const ModeBar = laterShown(() => import("./ModeBar.tsx"));

/** What the message field is for. */
export type ComposerMode =
  | { readonly kind: "new" }
  | { readonly kind: "reply" | "edit"; readonly row: MessageRow };

export const newMessage: ComposerMode = { kind: "new" };

interface Props {
  readonly client: Client;
  readonly room: Room;
  readonly stores: Stores;
  readonly mode: ComposerMode;
  readonly most: number;
  readonly names: readonly string[];
  readonly field: RefObject<HTMLTextAreaElement | null>;
  can(feature: string): boolean;
  onMode(mode: ComposerMode): void;
}

/** The message field with its draft, or with a message to edit. A key stroke renders nothing else. */
export function RoomComposer({ client, room, stores, mode, can, onMode, ...composer }: Props) {
  const { field } = composer;
  const [draft, setDraft] = useDraft(stores, room.name);
  const [changed, setChanged] = useEditedText(mode);
  const report = useReportChange();
  const isEdit = mode.kind === "edit";
  const { files, setFiles, send } = useNewMessage(room, setDraft);
  const setText = isEdit ? setChanged : setDraft;

  useEffect(() => {
    if (mode.kind !== "new") field.current?.focus();
  }, [mode, field]);

  const finish = () => {
    onMode(newMessage);
    field.current?.focus();
  };
  const submit = (words: string) => {
    if (mode.kind === "edit") save(room, mode.row, words, report);
    else send(words, mode.kind === "reply" ? positionOf(mode.row) : undefined);
    finish();
  };

  return (
    <>
      {mode.kind !== "new" && <ModeBar mode={mode} onCancel={finish} />}
      <Composer
        {...composer}
        room={room.name}
        text={isEdit ? changed : draft}
        files={isEdit ? [] : files}
        attach={
          can("files") && (
            <Attachments {...{ client, room, field, files }} hidden={isEdit} onReady={setFiles} />
          )
        }
        onText={(words) => {
          setText(words);
          if (words !== "") room.typing();
        }}
        onSend={submit}
        onKey={(key, empty) => {
          if (key === "Escape" && mode.kind !== "new") finish();
          else if (key === "ArrowUp" && empty && mode.kind === "new")
            editLast(room, can("edit"), onMode);
          else return false;
          return true;
        }}
      />
    </>
  );
}

/** The files of the next message, and the function that sends it: without an outbox, it is given back. */
function useNewMessage(room: Room, setText: (text: string) => void) {
  const [files, setFiles] = useState<readonly File[] | null>([]);
  const send = useSending(room, (text, its) => {
    setText(text);
    setFiles(its);
  });
  return {
    files,
    setFiles,
    send: (text: string, replyTo?: Position) => {
      setText("");
      setFiles([]);
      send(text, replyTo, files ?? []);
    },
  };
}

/** The text of the message that is edited; another message starts with its own. */
function useEditedText(mode: ComposerMode): [string, (text: string) => void] {
  const [text, setText] = useState("");
  useEffect(() => {
    if (mode.kind === "edit") setText(mode.row.message.text);
  }, [mode]);
  return [text, setText];
}

function save(
  room: Room,
  row: MessageRow,
  words: string,
  report: (change: Promise<unknown>) => void,
): void {
  const text = withEmoji(words);
  if (text !== row.message.text) report(room.edit(positionOf(row), text));
}

/** Edit the last own message; without one, go to the messages. */
function editLast(room: Room, can: boolean, onMode: Props["onMode"]): void {
  const last = lastOwn(room);
  if (can && last !== undefined) onMode({ kind: "edit", row: last });
  else focusLastRow(document.querySelector("[role=log]"));
}

function lastOwn(room: Room): MessageRow | undefined {
  const { rows, position } = room.snapshot;
  const last = rows.findLast(
    (row) =>
      row.kind === "message" &&
      row.own &&
      row.message.deleted === undefined &&
      row.epoch === position?.epoch,
  );
  return last?.kind === "message" ? last : undefined;
}
