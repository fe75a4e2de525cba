import type { Client, Hit } from "@hubbub/client";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { useLatest } from "../../hooks/useLatest.ts";
import { useAllTexts } from "../../i18n/useAllTexts.ts";
import buttons from "../../ui/buttons.module.css";
import { Icon } from "../../ui/Icon.tsx";
import { filterOf } from "./filterOf.ts";
import { Result } from "./Result.tsx";
import styles from "./SearchPanel.module.css";
import { type SearchState, useSearch } from "./useSearch.ts";

export interface SearchPanelProps {
  readonly client: Client;
  /** The open room. */
  readonly room: string;
  /** The joined rooms. */
  readonly rooms: readonly string[];
  /** What to search for at once. */
  readonly query: string;
  onJump(room: string, offset: number): void;
  onClose(): void;
}

/** Searches in the open room, or in the one that `in:` names. */
export default function SearchPanel({ client, room, rooms, query, ...props }: SearchPanelProps) {
  const { search: texts } = useAllTexts();
  const [text, setText] = useState(query);
  const field = useRef<HTMLInputElement>(null);
  const { state, search, more } = useSearch(client, room, rooms);
  const change = (words: string, now = false) => {
    setText(words);
    search(words, now);
  };
  const begin = useLatest(() => {
    field.current?.focus();
    if (query !== "") change(query, true);
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another query begins another search
  useEffect(begin, [begin, query]);
  return (
    <>
      <Head onClose={props.onClose} />
      <input
        ref={field}
        className={styles.field}
        type="search"
        aria-label={texts.label(room)}
        placeholder={texts.label(room)}
        value={text}
        maxLength={500}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => change(event.target.value)}
        onKeyDown={(event) => event.key === "Enter" && change(text, true)}
      />
      <Filters
        room={room}
        onAdd={(filter) => {
          change(`${text.trim()} ${filter}`.trimStart());
          field.current?.focus();
        }}
      />
      <Results
        state={state}
        client={client}
        onJump={props.onJump}
        onMore={() => more(text, state.found)}
      />
    </>
  );
}

function Head({ onClose }: Pick<SearchPanelProps, "onClose">) {
  const { search, settings } = useAllTexts();
  return (
    <div className={styles.head}>
      <h2>{search.title}</h2>
      <button className={buttons.icon} type="button" aria-label={settings.close} onClick={onClose}>
        <Icon name="close" />
      </button>
    </div>
  );
}

function Filters({ room, onAdd }: { readonly room: string; onAdd(filter: string): void }) {
  const { search: texts } = useAllTexts();
  const today = new Date().toISOString().slice(0, 10);
  const filters = [
    { label: texts.from, filter: "from:" },
    { label: texts.in, filter: filterOf("in", room) },
    { label: texts.after, filter: `after:${today}` },
    { label: texts.before, filter: `before:${today}` },
    { label: texts.link, filter: "has:link" },
  ];
  return (
    <fieldset className={styles.filters} aria-label={texts.filters}>
      {filters.map(({ label, filter }) => (
        <button key={label} className={styles.filter} type="button" onClick={() => onAdd(filter)}>
          {label}
        </button>
      ))}
    </fieldset>
  );
}

interface ResultsProps {
  readonly state: SearchState;
  readonly client: Client;
  onJump(room: string, offset: number): void;
  onMore(): void;
}

function Results({ state: { found, searching, problem }, client, onJump, onMore }: ResultsProps) {
  const { search: texts } = useAllTexts();
  const epoch = found === null ? undefined : client.room(found.room).snapshot.position?.epoch;
  const jump = ({ message }: Hit) => onJump(message.room, message.offset);
  return (
    <div className={styles.results} aria-busy={searching}>
      <p className={styles.note} role="status">
        {noteOf({ found, searching, problem }, texts)}
      </p>
      <ol className={styles.list} onKeyDown={moveFocus}>
        {found?.hits.map((hit) => (
          <Result
            key={`${hit.epoch} ${hit.message.offset}`}
            hit={hit}
            words={found.words}
            // History of an earlier epoch is found, but is not in the room any more.
            onJump={hit.epoch === epoch ? jump : null}
          />
        ))}
      </ol>
      {found?.more != null && !searching && (
        <button className={buttons.usual} type="button" onClick={onMore}>
          {texts.more}
        </button>
      )}
    </div>
  );
}

type SearchTexts = ReturnType<typeof useAllTexts>["search"];

function noteOf({ found, searching, problem }: SearchState, texts: SearchTexts): string {
  if (problem !== null) return texts.problems[problem] ?? texts.problems.internal ?? problem;
  if (searching) return texts.searching;
  if (found === null) return texts.hint;
  if (found.hits.length === 0) return texts.none;
  return texts.count(`${found.hits.length}${found.more === null ? "" : "+"}`);
}

/** Up and Down move between the results. */
function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (by === undefined) return;
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>("button")];
  all[all.indexOf(document.activeElement as HTMLElement) + by]?.focus();
  event.preventDefault();
}
