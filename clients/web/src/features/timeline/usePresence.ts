import type { RoomSnapshot } from "@hubbub/client";
import { useEffect, useRef, useState } from "react";
import { type PresenceNote, withPresence } from "./presence.ts";

/** Note who joined and left since the room was opened, for the list of messages. */
export function usePresence({ members, rows, state }: RoomSnapshot): readonly PresenceNote[] {
  const [notes, setNotes] = useState<readonly PresenceNote[]>([]);
  const before = useRef(members);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a message is no reason
  useEffect(() => {
    const known = before.current;
    before.current = members;
    if (state === "live" && known !== members)
      setNotes((earlier) => withPresence(earlier, known, members, rows.at(-1)?.id));
  }, [members]);
  return notes;
}
