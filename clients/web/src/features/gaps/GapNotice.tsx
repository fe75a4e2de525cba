import type { Room } from "@hubbub/client";
import { useEffect, useState } from "react";
import styles from "./GapNotice.module.css";

/** Says once that messages are lost, since what was never shown leaves no trace that one would see. */
export function GapNotice({ room }: { readonly room: Room }) {
  const [told, setTold] = useState(false);
  useEffect(() => room.onGap(() => setTold(true)), [room]);
  return (
    <div role="status">
      {told && (
        <p className={styles.notice}>
          Some messages are lost: the server doesn’t keep them any more.
          <button className={styles.seen} type="button" onClick={() => setTold(false)}>
            OK
          </button>
        </p>
      )}
    </div>
  );
}
