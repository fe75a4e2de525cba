/** The state of a search: its query, its pages, or why there are none. */
import { type Client, type Hit, SearchFailed, type SearchPage } from "@hubbub/client";
import { useCallback, useEffect, useRef, useState } from "react";
import { readQuery, type Word } from "./query.ts";

const typedFor = 350;

export interface Found {
  readonly room: string;
  readonly words: readonly Word[];
  readonly hits: readonly Hit[];
  readonly more: string | null;
}

export interface SearchState {
  readonly found: Found | null;
  readonly searching: boolean;
  /** Why the last page could not be read: the code of an error. */
  readonly problem: string | null;
}

const nothing: SearchState = { found: null, searching: false, problem: null };

/** Search for what was typed, a moment after the last key. `rooms` are the joined ones. */
export function useSearch(client: Client, room: string, rooms: readonly string[]) {
  const [state, setState] = useState<SearchState>(nothing);
  // What arrives for an earlier query is out of date.
  const turn = useRef(0);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);

  const read = useCallback(
    async (text: string, known: Found | null) => {
      turn.current += 1;
      const mine = turn.current;
      const { query, room: named, words } = readQuery(text);
      const place = known?.room ?? named ?? room;
      if (query === "") return setState(nothing);
      if (!rooms.includes(place)) return setState({ ...nothing, problem: "no_room" });
      setState((before) => ({ ...before, searching: true, problem: null }));
      const page = await pageOf(client, place, query, known?.more ?? "");
      if (mine === turn.current) setState(stateAfter(page, known, { room: place, words }));
    },
    [client, room, rooms],
  );

  const search = useCallback(
    (text: string, now = false) => {
      clearTimeout(timer.current);
      timer.current = setTimeout(() => void read(text, null), now ? 0 : typedFor);
    },
    [read],
  );
  const more = useCallback((text: string, known: Found | null) => void read(text, known), [read]);
  return { state, search, more };
}

function stateAfter(
  page: SearchPage | string,
  known: Found | null,
  place: Pick<Found, "room" | "words">,
): SearchState {
  if (typeof page === "string") return { found: known, searching: false, problem: page };
  const hits = [...(known?.hits ?? []), ...page.hits];
  return { found: { ...place, hits, more: page.more }, searching: false, problem: null };
}

async function pageOf(
  client: Client,
  room: string,
  query: string,
  before: string,
): Promise<SearchPage | string> {
  try {
    return await client.room(room).search(query, before);
  } catch (error) {
    return error instanceof SearchFailed ? error.code : "internal";
  }
}
