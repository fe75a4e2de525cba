import type { Client, RoomInfo } from "@hubbub/client";
import { useAllTexts } from "../../i18n/useAllTexts.ts";
import buttons from "../../ui/buttons.module.css";
import { Icon } from "../../ui/Icon.tsx";
import { timeAgo } from "../../ui/timeAgo.ts";
import styles from "./Directory.module.css";
import { useDirectory } from "./useDirectory.ts";

interface Props {
  readonly client: Client;
  /** The beginning of the names to list. */
  readonly prefix: string;
  /** The rooms that the user has joined. */
  readonly joined: readonly string[];
  onJoin(room: string): void;
}

/** The rooms that the user may read: who is there, when something was written last, and a way in. */
export function Directory({ client, prefix, joined, onJoin }: Props) {
  const { directory, rooms } = useAllTexts();
  const [found, more] = useDirectory(client, prefix);
  return (
    <section className={styles.directory} aria-label={directory.title}>
      <p className={styles.status} role="status">
        <Status {...found} />
      </p>
      <ul className={styles.list}>
        {found.rooms.map((room) => (
          <li key={room.room}>
            <Listed room={room} isJoined={joined.includes(room.room)} onJoin={onJoin} />
          </li>
        ))}
      </ul>
      {found.after !== null && (
        <button className={buttons.usual} type="button" onClick={more}>
          {rooms.more}
        </button>
      )}
    </section>
  );
}

type StatusProps = ReturnType<typeof useDirectory>[0];

function Status({ state, rooms, after, partial }: StatusProps) {
  const { directory } = useAllTexts();
  if (state === "loading") return directory.loading;
  if (state === "failed") return directory.failed;
  if (rooms.length === 0) return directory.none;
  const count = directory.count(`${rooms.length}${after === null ? "" : "+"}`, rooms.length);
  return partial ? `${count} ${directory.partial}` : count;
}

interface ListedProps extends Pick<Props, "onJoin"> {
  readonly room: RoomInfo;
  readonly isJoined: boolean;
}

function Listed({ room, isJoined, onJoin }: ListedProps) {
  const { directory, members, locale } = useAllTexts();
  const { room: name, members: count, at, topic } = room;
  return (
    <button className={styles.room} type="button" onClick={() => onJoin(name)}>
      <Icon name="hash" />
      <span className={styles.what}>
        <bdi className={styles.name}>{name}</bdi>
        {topic !== undefined && <bdi className={styles.topic}>{topic}</bdi>}
        <span className={styles.facts}>
          <span>{members.count(count)}</span>
          {at !== undefined && <span>{directory.active(timeAgo(at, Date.now(), locale))}</span>}
        </span>
      </span>
      {isJoined && (
        <span className={styles.joined}>
          <Icon name="check" />
          {directory.joined}
        </span>
      )}
    </button>
  );
}
