/** The rooms of the server that the user may read, a page at a time. */
import type { Client, RoomInfo } from "@hubbub/client";
import { useCallback, useEffect, useState } from "react";
import { useLatest } from "../../hooks/useLatest.ts";

/** A prefix is asked for when the user has stopped typing for so long, in ms. */
const typedAfter = 150;

export interface FoundRooms {
  readonly state: "loading" | "there" | "failed";
  readonly rooms: readonly RoomInfo[];
  /** The `after` of the next page; null if there is none. */
  readonly after: string | null;
  /** Whether a node or the archive did not answer: rooms may be missing. */
  readonly partial: boolean;
}

const nothingYet: FoundRooms = { state: "loading", rooms: [], after: null, partial: false };

/** Return the rooms whose names begin with the prefix, and the function that loads more of them. */
export function useDirectory(client: Client, prefix: string): [FoundRooms, () => void] {
  const [found, setFound] = useState(nothingYet);
  const isWanted = useLatest((asked: string) => asked === prefix);

  const load = useCallback(
    async (before: FoundRooms) => {
      const page = await client.directory(prefix, before.after ?? "");
      // The user may have typed on.
      if (isWanted(prefix)) setFound(withPage(before, page));
    },
    [client, prefix, isWanted],
  );
  useEffect(() => {
    const timer = setTimeout(() => void load(nothingYet), prefix === "" ? 0 : typedAfter);
    return () => clearTimeout(timer);
  }, [load, prefix]);
  return [found, () => void load(found)];
}

type Page = Awaited<ReturnType<Client["directory"]>>;

function withPage(before: FoundRooms, page: Page): FoundRooms {
  if (page === null) return { ...before, state: "failed" };
  const { rooms, after, complete } = page;
  return {
    state: "there",
    rooms: [...before.rooms, ...rooms],
    after,
    partial: before.partial || !complete,
  };
}
