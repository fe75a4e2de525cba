import type { Message, Room } from "@hubbub/client";
import { useEffect } from "react";
import { useVoice } from "../../ui/Announcer.tsx";

const gathered = 1_000;

/** Say what others say in the open room: one message in its words, more within a second as a number. */
export function useAnnouncements(room: Room, user: string | null): void {
  const voice = useVoice();
  useEffect(() => {
    let heard: Message[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const speak = () => {
      timer = undefined;
      voice.say(sentence(heard));
      heard = [];
    };
    const stop = room.onMessage((message) => {
      if (message.user === user) return;
      heard.push(message);
      timer ??= setTimeout(speak, gathered);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [room, user, voice]);
}

function sentence(heard: readonly Message[]): string {
  const [only] = heard;
  return heard.length === 1 && only !== undefined
    ? `${only.user}: ${only.text}`
    : `${heard.length} new messages`;
}
