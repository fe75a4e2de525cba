import type { Members as Known, Room } from "@hubbub/client";
import { useState } from "react";
import { Avatar } from "../../ui/Avatar.tsx";
import styles from "./Members.module.css";

interface Props {
  readonly room: Room;
  readonly members: Known;
  readonly user: string | null;
}

/** The members of the room. In a large room the first names, and the others page by page. */
export function Members({ room, members, user }: Props) {
  const [more, setMore] = useState<Known | null>(null);
  const names = more === null ? members.names : merge(members.names, more.names);
  const others = more === null ? members.more : more.more;
  const readOn = async () => {
    const page = await room.who(names.at(-1));
    if (page !== null) setMore({ ...page, names: [...(more?.names ?? []), ...page.names] });
  };
  return (
    <section aria-labelledby="members">
      <h2 id="members" className={styles.title}>
        Members <span className={styles.count}>{members.count}</span>
      </h2>
      <ul className={styles.list}>
        {names.map((name) => (
          <li key={name} className={styles.member}>
            <Avatar name={name} />
            <bdi className={styles.name}>{name}</bdi>
            {name === user && <span className={styles.you}>you</span>}
          </li>
        ))}
      </ul>
      {others && (
        <button className={styles.more} type="button" onClick={() => void readOn()}>
          Show more
        </button>
      )}
    </section>
  );
}

function merge(first: readonly string[], then: readonly string[]): string[] {
  return [...new Set([...first, ...then])].sort();
}
