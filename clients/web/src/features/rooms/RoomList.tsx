import { type SubmitEvent, useId, useState } from "react";
import styles from "./RoomList.module.css";

interface Props {
  readonly rooms: readonly string[];
  readonly current: string;
  readonly unread: ReadonlyMap<string, number>;
  addressOf(room: string): string;
  onOpen(room: string): void;
  onLeave(room: string): void;
}

/** The joined rooms, and a form to join another one. */
export function RoomList({ rooms, current, unread, addressOf, onOpen, onLeave }: Props) {
  return (
    <nav aria-label="Rooms" className={styles.nav}>
      <ul className={styles.list}>
        {rooms.map((room) => (
          <li key={room} className={styles.item}>
            <a
              className={styles.room}
              href={addressOf(room)}
              aria-current={room === current ? "page" : undefined}
              onClick={() => onOpen(room)}
            >
              <bdi className={styles.name}>{room}</bdi>
              <Unread count={room === current ? 0 : (unread.get(room) ?? 0)} />
            </a>
            {rooms.length > 1 && (
              <button
                className={styles.leave}
                type="button"
                aria-label={`Leave ${room}`}
                onClick={() => onLeave(room)}
              >
                ×
              </button>
            )}
          </li>
        ))}
      </ul>
      <JoinForm onOpen={onOpen} />
    </nav>
  );
}

function Unread({ count }: { readonly count: number }) {
  if (count === 0) return null;
  return (
    <span className={styles.unread}>
      {count > 99 ? "99+" : count}
      <span className={styles.hidden}> new</span>
    </span>
  );
}

function JoinForm({ onOpen }: { onOpen(room: string): void }) {
  const [name, setName] = useState("");
  const id = useId();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const room = name.trim().replace(/^#/, "");
    if (room === "") return;
    onOpen(room);
    setName("");
  };
  return (
    <form className={styles.join} onSubmit={submit}>
      <label className={styles.hidden} htmlFor={id}>
        Join another room
      </label>
      <input
        id={id}
        className={styles.field}
        placeholder="Join another room"
        value={name}
        onChange={(event) => setName(event.target.value)}
        maxLength={200}
        autoComplete="off"
        spellCheck={false}
      />
      <button className={styles.button} type="submit" disabled={name.trim() === ""}>
        Join
      </button>
    </form>
  );
}
