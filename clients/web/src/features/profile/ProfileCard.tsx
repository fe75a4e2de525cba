import type { Message } from "@hubbub/client";
import type { RefObject } from "react";
import { useAllTexts } from "../../i18n/useAllTexts.ts";
import { Avatar } from "../../ui/Avatar.tsx";
import { AwayMark } from "../../ui/AwayMark.tsx";
import buttons from "../../ui/buttons.module.css";
import { Dialog } from "../../ui/Dialog.tsx";
import styles from "./ProfileCard.module.css";

/** Who a user is, as far as a message contains it. */
export type Person = Pick<Message, "user" | "user_id" | "kind">;

interface Props {
  readonly person: Person;
  readonly away: boolean;
  /** Where a mention is written. */
  readonly field: RefObject<HTMLTextAreaElement | null>;
  /** Find this person's messages. */
  onMessages(name: string): void;
  onClose(): void;
}

/** So much of an id distinguishes two users of one name. */
const shownOfId = 12;

/** A user: the name, what kind of user it is, and what can be done. */
export default function ProfileCard({ person, away, field, onMessages, onClose }: Props) {
  const { profile, settings } = useAllTexts();
  const { user, user_id: id, kind } = person;
  const act = (what: (name: string) => void) => () => {
    onClose();
    what(user);
  };
  return (
    <Dialog title={profile.title} closeLabel={settings.close} onClose={onClose}>
      <div className={styles.person}>
        <Avatar name={user} />
        <div>
          <bdi className={styles.name}>{user}</bdi>
          {away && (
            <p className={styles.fact}>
              <AwayMark /> {profile.away}
            </p>
          )}
          {kind !== undefined && <p className={styles.fact}>{profile.kinds[kind] ?? kind}</p>}
          {id !== undefined && (
            <p className={styles.fact} title={id}>
              {profile.id(shortOf(id))}
            </p>
          )}
        </div>
      </div>
      <div className={styles.actions}>
        <button
          className={buttons.main}
          type="button"
          data-first
          onClick={act((name) => insert(field.current, `@${name} `))}
        >
          {profile.mention}
        </button>
        <button className={buttons.usual} type="button" onClick={act(onMessages)}>
          {profile.messages}
        </button>
      </div>
    </Dialog>
  );
}

/** Write into the field at the cursor, as if it were typed. */
function insert(field: HTMLTextAreaElement | null, text: string): void {
  if (field === null) return;
  field.focus();
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new InputEvent("input", { bubbles: true }));
}

function shortOf(id: string): string {
  const own = id.replace(/^guest:/, "");
  return own.length > shownOfId ? `${own.slice(0, shownOfId)}…` : own;
}
