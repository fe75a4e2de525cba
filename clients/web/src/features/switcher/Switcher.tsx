import { type KeyboardEvent, useMemo, useState } from "react";
import { useTexts } from "../../i18n/language.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { useListbox } from "../../ui/useListbox.ts";
import type { RoomSummary } from "../rooms/useRoomSummaries.ts";
import styles from "./Switcher.module.css";
import { matching } from "./search.ts";

interface Props {
  readonly rooms: readonly RoomSummary[];
  /** The room that a name or a link means; empty if none. */
  roomOf(words: string): string;
  onOpen(room: string): void;
  onClose(): void;
}

interface Option {
  readonly name: string;
  readonly unread: number;
  readonly isNew: boolean;
}

/** Goes to a room by some letters of its name, or joins a new one. */
export function Switcher({ rooms, roomOf, onOpen, onClose }: Props) {
  const texts = useTexts();
  const [words, setWords] = useState("");
  const options = useOptions(rooms, roomOf(words));
  const list = useListbox(options, ["Enter"], ({ name }: Option) => onOpen(name));
  const onKeyDown = (event: KeyboardEvent) => void list.onKey(event);
  return (
    <Dialog title={texts.keys.switcher} closeLabel={texts.settings.close} onClose={onClose}>
      <input
        className={styles.field}
        data-first
        role="combobox"
        aria-label={texts.rooms.switcher}
        aria-expanded={options.length > 0}
        aria-controls={list.id}
        aria-activedescendant={options.length > 0 ? list.optionId(list.active) : undefined}
        placeholder={texts.rooms.switcher}
        value={words}
        onChange={(event) => setWords(event.target.value)}
        onKeyDown={onKeyDown}
        autoComplete="off"
        spellCheck={false}
      />
      {options.length === 0 && <p className={styles.none}>{texts.rooms.switcherNone}</p>}
      <div id={list.id} className={styles.list} role="listbox" aria-label={texts.rooms.title}>
        {options.map((option, at) => (
          <div
            key={option.name}
            id={list.optionId(at)}
            className={styles.option}
            role="option"
            tabIndex={-1}
            aria-selected={at === list.active}
            onPointerDown={() => onOpen(option.name)}
          >
            <Icon name={option.isNew ? "add" : "hash"} />
            <bdi>{option.isNew ? texts.rooms.switcherJoin(option.name) : option.name}</bdi>
            {option.unread > 0 && <span className={styles.count}>{option.unread}</span>}
          </div>
        ))}
      </div>
    </Dialog>
  );
}

/** Rooms with news first while nothing is typed, then by how well they match. */
function useOptions(rooms: readonly RoomSummary[], words: string): readonly Option[] {
  return useMemo(() => {
    const known = rooms.map(({ name, unread }) => ({ name, unread: unread.count, isNew: false }));
    const byNews = [...known].sort(
      (one, other) => Number(other.unread > 0) - Number(one.unread > 0),
    );
    const found = matching(words === "" ? byNews : known, words);
    const isKnown = words === "" || known.some(({ name }) => name === words);
    return isKnown ? found : [...found, { name: words, unread: 0, isNew: true }];
  }, [rooms, words]);
}
