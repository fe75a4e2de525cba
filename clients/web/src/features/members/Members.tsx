import type { Members as Known, Room } from "@hubbub/client";
import { useAllTexts } from "../../i18n/useAllTexts.ts";
import { Avatar } from "../../ui/Avatar.tsx";
import { AwayMark } from "../../ui/AwayMark.tsx";
import buttons from "../../ui/buttons.module.css";
import styles from "./Members.module.css";
import { useMemberNames } from "./useMemberNames.ts";

interface Props {
  readonly room: Room;
  readonly members: Known;
  readonly user: string | null;
  onProfile(name: string): void;
}

/** The members of the room. In a large room the first names, and the others page by page. */
export default function Members({ room, members, user, onProfile }: Props) {
  const texts = useAllTexts();
  const { names, away, hasMore, more } = useMemberNames(room, members);
  return (
    <section aria-labelledby="members">
      <h2 id="members" className={styles.title}>
        {texts.members.title} <span className={styles.count}>{members.count}</span>
      </h2>
      <ul className={styles.list}>
        {names.map((name) => (
          <li key={name}>
            <button className={styles.who} type="button" onClick={() => onProfile(name)}>
              <Avatar name={name} />
              <bdi className={styles.name}>{name}</bdi>
              {away.has(name) && <AwayMark label={texts.profile.away} />}
              {name === user && <span className={styles.you}>{texts.members.you}</span>}
            </button>
          </li>
        ))}
      </ul>
      {hasMore && (
        <button className={buttons.usual} type="button" onClick={() => void more()}>
          {texts.members.more}
        </button>
      )}
    </section>
  );
}
