import type { Client } from "@hubbub/client";
import { useEffect, useState } from "react";

/** Count the messages of other users in each room since it was last open. */
export function useUnread(
  client: Client,
  rooms: readonly string[],
  current: string,
): ReadonlyMap<string, number> {
  const [unread, setUnread] = useState<ReadonlyMap<string, number>>(new Map());
  useEffect(() => {
    setUnread((before) => without(before, current));
    const stops = rooms
      .filter((name) => name !== current)
      .map((name) =>
        client.room(name).onMessage((message) => {
          if (!client.wrote(message)) setUnread((before) => oneMore(before, name));
        }),
      );
    return () => {
      for (const stop of stops) stop();
    };
  }, [client, rooms, current]);
  return unread;
}

function oneMore(counts: ReadonlyMap<string, number>, name: string): ReadonlyMap<string, number> {
  return new Map(counts).set(name, (counts.get(name) ?? 0) + 1);
}

function without(counts: ReadonlyMap<string, number>, name: string): ReadonlyMap<string, number> {
  if (!counts.has(name)) return counts;
  const fewer = new Map(counts);
  fewer.delete(name);
  return fewer;
}
