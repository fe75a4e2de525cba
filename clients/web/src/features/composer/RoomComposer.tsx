import type { MessageRow, Room } from "@hubbub/client";
import { type RefObject, useEffect, useState } from "react";
import { useTexts } from "../../i18n/language.tsx";
import type { Stores } from "../../stores/stores.ts";
import buttons from "../../ui/buttons.module.css";
import { Icon } from "../../ui/Icon.tsx";
import { withEmoji } from "../emoji/data.ts";
import { plainText } from "../markup/plainText.ts";
import { focusLastRow } from "../timeline/rowFocus.ts";
import { positionOf, useReportChange } from "../timeline/useEntryActions.ts";
import styles from "./Composer.module.css";
import { Composer } from "./Composer.tsx";
import { useDraft } from "./useDraft.ts";
import { useSending } from "./useSending.ts";

/** What the message field is for. */
export type ComposerMode =
  | { readonly kind: "new" }
  | { readonly kind: "reply" | "edit"; readonly row: MessageRow };

export const newMessage: ComposerMode = { kind: "new" };

interface Props {
  readonly room: Room;
  readonly stores: Stores;
  readonly mode: ComposerMode;
  readonly most: number;
  readonly names: readonly string[];
  readonly field: RefObject<HTMLTextAreaElement | null>;
  readonly canEdit: boolean;
  onMode(mode: ComposerMode): void;
}

/** The message field with its draft, or with a message to edit. A key stroke renders nothing else. */
export function RoomComposer({ room, stores, mode, canEdit, onMode, ...composer }: Props) {
  const { field } = composer;
  const [draft, setDraft] = useDraft(stores, room.name);
  const [changed, setChanged] = useEditedText(mode);
  const send = useSending(room, setDraft);
  const report = useReportChange();
  const isEdit = mode.kind === "edit";
  const setText = isEdit ? setChanged : setDraft;

  useEffect(() => {
    if (mode.kind !== "new") field.current?.focus();
  }, [mode, field]);

  const finish = () => {
    onMode(newMessage);
    field.current?.focus();
  };
  const submit = (words: string) => {
    if (!isEdit) setDraft("");
    if (mode.kind === "edit") save(room, mode.row, words, report);
    else send(words, mode.kind === "reply" ? positionOf(mode.row) : undefined);
    finish();
  };
  const editLast = () => {
    const last = lastOwn(room);
    if (canEdit && last !== undefined) onMode({ kind: "edit", row: last });
    else focusLastRow(document.querySelector("[role=log]"));
  };

  return (
    <>
      {mode.kind !== "new" && <ModeBar mode={mode} onCancel={finish} />}
      <Composer
        {...composer}
        room={room.name}
        text={isEdit ? changed : draft}
        onText={(words) => {
          setText(words);
          if (words !== "") room.typing();
        }}
        onSend={submit}
        onKey={(key, empty) => {
          if (key === "Escape" && mode.kind !== "new") finish();
          else if (key === "ArrowUp" && empty && mode.kind === "new") editLast();
          else return false;
          return true;
        }}
      />
    </>
  );
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

interface BarProps {
  readonly mode: Exclude<ComposerMode, { kind: "new" }>;
  onCancel(): void;
}

/** What the message field is for, and the way out. */
export function ModeBar({ mode: { kind, row }, onCancel }: BarProps) {
  const { message } = useTexts();
  return (
    <div className={styles.mode} role="status">
      <Icon name={kind === "edit" ? "edit" : "reply"} />
      <strong>{kind === "edit" ? message.editing : message.replyTo(row.message.user)}</strong>
      <span className={styles.modeText}>{plainText(row.message.text)}</span>
      <button
        className={buttons.icon}
        type="button"
        aria-label={message.cancel}
        title={message.cancel}
        onClick={onCancel}
      >
        <Icon name="close" />
      </button>
    </div>
  );
}
