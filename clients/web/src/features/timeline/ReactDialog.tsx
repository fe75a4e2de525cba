import type { MessageRow } from "@hubbub/client";
import { useTexts } from "../../i18n/language.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { LazyEmojiPicker } from "../emoji/LazyEmojiPicker.ts";
import type { EntryActions } from "./entryActions.ts";

interface Props {
  readonly row: MessageRow;
  readonly actions: EntryActions;
  onClose(): void;
}

/** Asks for the emoji to react with. */
export default function ReactDialog({ row, actions, onClose }: Props) {
  const { message, settings } = useTexts();
  return (
    <Dialog title={message.react} closeLabel={settings.close} onClose={onClose}>
      <LazyEmojiPicker
        inline
        onChoose={(emoji) => {
          onClose();
          actions.toggle(row, emoji, true);
        }}
        onClose={onClose}
      />
    </Dialog>
  );
}
