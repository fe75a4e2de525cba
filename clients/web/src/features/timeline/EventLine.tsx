import type { MessageRow } from "@hubbub/client";
import { useAllTexts } from "../../i18n/useAllTexts.ts";
import styles from "./EventLine.module.css";

/** What happened in the room, and no user wrote. An event that this page does not know is shown by its text. */
export default function EventLine({ row: { id, message } }: { readonly row: MessageRow }) {
  const { list } = useAllTexts();
  const { event, user, text } = message;
  const ofTopic = text === "" ? list.noTopic(user) : list.topic(user, text);
  return (
    <li className={styles.event} data-row={id} data-offset={message.offset} tabIndex={-1}>
      {event === "topic" ? ofTopic : text}
    </li>
  );
}
