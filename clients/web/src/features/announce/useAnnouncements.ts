import type { Message, Room } from "@hubbub/client";
import { useEffect } from "react";
import { type Texts, useTexts } from "../../i18n/language.tsx";
import { useVoice } from "../../ui/Announcer.tsx";

const interval = 1_000;

/** Announce messages of other users in the open room: one as text, several within a second as a count. */
export function useAnnouncements(room: Room, wrote: (message: Message) => boolean): void {
  const voice = useVoice();
  const { announce } = useTexts();
  useEffect(() => {
    let waiting: Message[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const speak = () => {
      timer = undefined;
      voice.say(sentence(waiting, announce));
      waiting = [];
    };
    const stop = room.onMessage((message) => {
      // What was missed is on the screen already, and would be read for minutes.
      if (wrote(message) || room.snapshot.catchingUp) return;
      waiting.push(message);
      timer ??= setTimeout(speak, interval);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [room, wrote, voice, announce]);
}

function sentence(waiting: readonly Message[], announce: Texts["announce"]): string {
  const [only] = waiting;
  return waiting.length === 1 && only !== undefined
    ? announce.message(only.user, only.text)
    : announce.messages(waiting.length);
}
