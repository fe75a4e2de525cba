/** The pages of a thread. */
import type { Client, Message, Room, Row } from "@hubbub/client";
import { useCallback, useEffect, useMemo, useState } from "react";
import { useRoom } from "../../hooks/useClient.ts";
import { threadRows } from "./threadRows.ts";

interface Loaded {
  readonly root: number;
  readonly state: "loading" | "there" | "failed";
  readonly messages: readonly Message[];
  /** The `before` of the page before; null if there is none. */
  readonly before: number | null;
}

export interface Thread extends Loaded {
  readonly rows: readonly Row[];
  more(): void;
}

export function useThread(client: Client, room: Room, root: number): Thread {
  const [loaded, setLoaded] = useState<Loaded>(() => nothing(root));
  const load = useCallback(
    (before: Loaded) =>
      room.thread(root, before.before).then(
        ({ messages, before: next }) =>
          setLoaded((now) => {
            if (now.root !== root) return now;
            return {
              root,
              state: "there",
              messages: [...messages, ...before.messages],
              before: next,
            };
          }),
        () => setLoaded((now) => (now.root === root ? { ...now, state: "failed" } : now)),
      ),
    [room, root],
  );
  useEffect(() => {
    const empty = nothing(root);
    setLoaded(empty);
    void load(empty);
  }, [root, load]);

  const snapshot = useRoom(room);
  const rows = useMemo(
    () => threadRows(loaded.messages, snapshot, root, client.wrote),
    [loaded, snapshot, root, client],
  );
  return { ...loaded, rows, more: () => void load(loaded) };
}

function nothing(root: number): Loaded {
  return { root, state: "loading", messages: [], before: null };
}
