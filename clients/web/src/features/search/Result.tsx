import type { Hit } from "@hubbub/client";
import { useAllTexts } from "../../i18n/useAllTexts.ts";
import { Avatar } from "../../ui/Avatar.tsx";
import { hueStyle } from "../../ui/hue.ts";
import { shortMoment, wholeMoment } from "../../ui/times.ts";
import { plainText } from "../markup/plainText.ts";
import { highlight } from "./highlight.ts";
import type { Word } from "./query.ts";
import styles from "./SearchPanel.module.css";

interface Props {
  readonly hit: Hit;
  readonly words: readonly Word[];
  /** Null: the message is not in the room any more. */
  readonly onJump: ((hit: Hit) => void) | null;
}

/** A message that was found. It leads to its place in the room. */
export function Result({ hit, words, onJump }: Props) {
  const { locale, search } = useAllTexts();
  const { user, at, text } = hit.message;
  return (
    <li>
      <button
        className={styles.result}
        type="button"
        disabled={onJump === null}
        onClick={() => onJump?.(hit)}
      >
        <span className={styles.head}>
          <Avatar name={user} />
          <bdi className={styles.author} style={hueStyle(user)}>
            {user}
          </bdi>
          <time dateTime={new Date(at).toISOString()} title={wholeMoment(at, locale)}>
            {shortMoment(at, locale)}
          </time>
        </span>
        <span className={styles.text} dir="auto">
          {highlight(plainText(text), words).map((piece, place) =>
            // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a text never move
            piece.hit ? <mark key={place}>{piece.text}</mark> : piece.text,
          )}
        </span>
        {onJump === null && <span className={styles.earlier}>{search.earlier}</span>}
      </button>
    </li>
  );
}
