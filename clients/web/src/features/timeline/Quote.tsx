import type { MessageRow, OwnRow } from "@hubbub/client";
import { useTexts } from "../../i18n/language.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { plainText } from "../markup/plainText.ts";
import styles from "./Quote.module.css";
import { repliesTo } from "./repliesTo.ts";

interface Props {
  readonly row: MessageRow | OwnRow;
  readonly quoted: MessageRow | undefined;
  onJump(offset: number): void;
}

/** The message that a message replies to. It leads there. A part. */
export default function Quote({ row, quoted, onJump }: Props) {
  const { message } = useTexts();
  const offset = repliesTo(row);
  if (offset === undefined) return null;
  const { user = "", text = "", deleted } = quoted?.message ?? {};
  return (
    <button className={styles.quote} type="button" onClick={() => onJump(offset)}>
      <Icon name="reply" />
      {quoted === undefined ? (
        message.replyToEarlier
      ) : (
        <>
          <bdi className={styles.name}>{user}</bdi>
          <span className={styles.text} dir="auto">
            {deleted === undefined ? plainText(text) : message.deleted}
          </span>
        </>
      )}
    </button>
  );
}
