import type { Message, Room } from "@hubbub/client";
import { useEffect } from "react";
import { useVoice } from "../../ui/Announcer.tsx";

const interval = 1_000;

/** Announce messages of other users in the open room: one as text, several within a second as a count. */
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
      timer ??= setTimeout(speak, interval);
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
