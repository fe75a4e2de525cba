import { useMemo, useState } from "react";
import { part } from "../features/parts/part.ts";
import type { SearchPanelProps } from "../features/search/SearchPanel.tsx";
import type { Target } from "../features/timeline/seek.ts";
import { useTexts } from "../i18n/language.tsx";
import { Drawer } from "../ui/Drawer.tsx";
import styles from "./Chat.module.css";
import type { Panels } from "./panels.ts";
import { goTo } from "./route.ts";

const SearchPanel = part(() => import("../features/search/SearchPanel.tsx"));

export interface SearchState {
  readonly query: string;
  readonly target: Target | null;
  onOpen(words: string): void;
  onJump(room: string, offset: number): void;
}

interface Props extends Pick<SearchPanelProps, "client" | "room" | "rooms"> {
  readonly panels: Panels;
  readonly search: SearchState;
}

/** The search, beside the room. */
export function SearchDrawer({ panels, search, ...place }: Props) {
  const texts = useTexts();
  if (panels.open !== "search") return null;
  return (
    <Drawer
      id="search"
      className={styles.search}
      label={texts.search.title}
      open
      modal={panels.modal}
      onClose={panels.onClose}
    >
      <SearchPanel
        {...place}
        query={search.query}
        onJump={search.onJump}
        onClose={panels.onClose}
      />
    </Drawer>
  );
}

/** What the search begins with, how a result is opened, and the message that the address names. */
export function useSearchPanel(panels: Panels, offset: number | null): SearchState {
  const [query, setQuery] = useState("");
  const [jumps, setJumps] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each jump goes there again
  const target = useMemo(() => (offset === null ? null : { offset }), [offset, jumps]);
  return {
    query,
    target,
    onOpen(words) {
      setQuery(words);
      panels.onOpen("search");
    },
    onJump(room, to) {
      goTo(room, to);
      setJumps((before) => before + 1);
      if (panels.modal) panels.onClose();
    },
  };
}
