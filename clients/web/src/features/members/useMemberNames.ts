/** The names of all members that the user has asked for. */
import type { Members, Room } from "@hubbub/client";
import { useCallback, useEffect, useRef, useState } from "react";

/** Pages that were read become outdated: they are read again at most this often. */
const outdatedAfter = 3_000;

export function useMemberNames(room: Room, members: Members) {
  const [pages, setPages] = useState(0);
  const [read, setRead] = useState<Members | null>(null);
  const readPages = useReadPages(room, setRead);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a change of the members is the reason to read again
  useEffect(() => {
    if (pages === 0) return;
    const timer = setTimeout(() => void readPages(pages), outdatedAfter);
    return () => clearTimeout(timer);
  }, [pages, members, readPages]);

  const more = async () => {
    if (await readPages(pages + 1)) setPages(pages + 1);
  };
  const { names, away, more: hasMore } = pages === 0 || read === null ? members : read;
  return { names, away, hasMore, more };
}

/** Return the function that reads the first pages; false if one cannot be read now. */
function useReadPages(room: Room, onRead: (members: Members) => void) {
  const busy = useRef(false);
  return useCallback(
    async (pages: number): Promise<boolean> => {
      if (busy.current) return false;
      busy.current = true;
      const read = await pagesOf(room, pages);
      busy.current = false;
      if (read !== null) onRead(read);
      return read !== null;
    },
    [room, onRead],
  );
}

/** Read these many pages after the first one. */
async function pagesOf(room: Room, pages: number): Promise<Members | null> {
  let all = await room.who();
  for (let page = 0; page < pages && all?.more; page += 1) {
    const next = await room.who(all.names.at(-1));
    if (next === null) return null;
    const away = new Set([...all.away, ...next.away]);
    all = { ...next, names: [...all.names, ...next.names], away };
  }
  return all;
}
