import type { Message, Room } from "@hubbub/client";
import { useEffect } from "react";
import { useVoice } from "../../ui/Announcer.tsx";

const interval = 1_000;

/** Announce messages of other users in the open room: one as text, several within a second as a count. */
export function useAnnouncements(room: Room, wrote: (message: Message) => boolean): void {
  const voice = useVoice();
  useEffect(() => {
    let waiting: Message[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const speak = () => {
      timer = undefined;
      voice.say(sentence(waiting));
      waiting = [];
    };
    const stop = room.onMessage((message) => {
      if (wrote(message)) return;
      waiting.push(message);
      timer ??= setTimeout(speak, interval);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [room, wrote, voice]);
}

function sentence(waiting: readonly Message[]): string {
  const [only] = waiting;
  return waiting.length === 1 && only !== undefined
    ? `${only.user}: ${only.text}`
    : `${waiting.length} new messages`;
}
