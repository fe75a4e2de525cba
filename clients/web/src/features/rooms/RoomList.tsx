import { type MouseEvent, useId } from "react";
import { type Texts, useTexts } from "../../i18n/language.tsx";
import buttons from "../../ui/buttons.module.css";
import { Icon } from "../../ui/Icon.tsx";
import styles from "./RoomList.module.css";
import type { RoomSummary } from "./useRoomSummaries.ts";

interface Props {
  readonly rooms: readonly RoomSummary[];
  readonly current: string;
  addressOf(room: string): string;
  onOpen(room: string): void;
  onJoin(): void;
}

/** The joined rooms, and a button to join another one. */
export function RoomList({ rooms, onJoin, ...links }: Props) {
  const texts = useTexts();
  const favourites = rooms.filter(({ favourite }) => favourite);
  const others = rooms.filter(({ favourite }) => !favourite);
  return (
    <nav aria-label={texts.rooms.title} className={styles.nav}>
      {favourites.length > 0 && (
        <Section title={texts.rooms.favourites} rooms={favourites} {...links} />
      )}
      <Section title={texts.rooms.title} rooms={others} {...links}>
        <button
          className={buttons.icon}
          type="button"
          aria-label={texts.rooms.join}
          title={texts.rooms.join}
          onClick={onJoin}
        >
          <Icon name="add" />
        </button>
      </Section>
    </nav>
  );
}

interface SectionProps extends Omit<Props, "onJoin"> {
  readonly title: string;
  readonly children?: React.ReactNode;
}

function Section({ title, rooms, children, ...links }: SectionProps) {
  const id = useId();
  return (
    <section aria-labelledby={id}>
      <div className={styles.heading}>
        <h2 id={id}>{title}</h2>
        {children}
      </div>
      <ul className={styles.list}>
        {rooms.map((room) => (
          <li key={room.name}>
            <RoomLink room={room} {...links} />
          </li>
        ))}
      </ul>
    </section>
  );
}

interface LinkProps extends Omit<Props, "rooms" | "onJoin"> {
  readonly room: RoomSummary;
}

function RoomLink({ room, current, addressOf, onOpen }: LinkProps) {
  const texts = useTexts();
  const { name, unread, hasDraft } = room;
  const isCurrent = name === current;
  const open = (event: MouseEvent) => {
    // With a modifier, the browser opens a tab or a window.
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    onOpen(name);
  };
  return (
    <a
      className={styles.room}
      href={addressOf(name)}
      aria-current={isCurrent ? "page" : undefined}
      data-unread={unread.count > 0}
      onClick={open}
    >
      <Icon name="hash" />
      <bdi className={styles.name}>{name}</bdi>
      {hasDraft && !isCurrent && (
        <span className={styles.draft} title={texts.rooms.draft}>
          <Icon name="edit" />
          <span className={styles.hidden}>{texts.rooms.draft}</span>
        </span>
      )}
      <Counts room={room} texts={texts} />
    </a>
  );
}

function Counts({ room, texts }: { readonly room: RoomSummary; readonly texts: Texts }) {
  const { count, mentions, more } = room.unread;
  if (count === 0) return null;
  const shown = count > 99 ? "99+" : `${count}${more ? "+" : ""}`;
  return (
    <span className={styles.counts}>
      {mentions > 0 && (
        <span className={styles.mentions}>
          <span aria-hidden="true">@{mentions > 9 ? "9+" : mentions}</span>
          <span className={styles.hidden}> {texts.rooms.mentions(mentions)}</span>
        </span>
      )}
      <span className={styles.unread}>
        <span aria-hidden="true">{shown}</span>
        <span className={styles.hidden}> {texts.rooms.new(count)}</span>
      </span>
    </span>
  );
}
