/** Send texts to a room. */
import { type File, NotSent, type Position, type Room } from "@hubbub/client";
import { useTexts } from "../../i18n/language.tsx";
import { useVoice } from "../../ui/Announcer.tsx";
import { withEmoji } from "../emoji/data.ts";
import { useSendErrorText } from "../sendErrors/sendErrors.ts";

/** The errors of messages that are not in the outbox: they are restored. */
const notQueued: ReadonlySet<string> = new Set(["outbox_full", "not_joined"]);

/** Return the function that sends a text; `restore` receives a message that no outbox holds. */
export function useSending(
  room: Room,
  restore: (text: string, files: readonly File[]) => void,
): (text: string, replyTo?: Position, files?: readonly File[]) => void {
  const voice = useVoice();
  const texts = useTexts();
  const errorText = useSendErrorText();
  return (text, replyTo, files = []) => {
    room.send(withEmoji(text), replyTo, files[0] && files).done.catch((error: unknown) => {
      if (!(error instanceof NotSent) || error.code === "discarded") return;
      if (notQueued.has(error.code)) restore(text, files);
      voice.alert(texts.message.notSent(errorText(error.code, error.message)));
    });
  };
}
