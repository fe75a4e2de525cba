import type { Room } from "@hubbub/client";
import { useEffect, useState } from "react";
import styles from "./GapNotice.module.css";

/** Reports lost messages, which would leave no visible trace otherwise. */
export function GapNotice({ room }: { readonly room: Room }) {
  const [visible, setVisible] = useState(false);
  useEffect(() => room.onGap(() => setVisible(true)), [room]);
  return (
    <div role="status">
      {visible && (
        <p className={styles.notice}>
          Some messages are lost: the server no longer has them.
          <button className={styles.seen} type="button" onClick={() => setVisible(false)}>
            OK
          </button>
        </p>
      )}
    </div>
  );
}
