import type { Room } from "@hubbub/client";
import { useEffect, useState } from "react";
import { useTexts } from "../../i18n/language.tsx";
import styles from "./GapNotice.module.css";

/** Reports lost messages, which would leave no visible trace otherwise. */
export function GapNotice({ room }: { readonly room: Room }) {
  const { list } = useTexts();
  const [visible, setVisible] = useState(false);
  useEffect(() => room.onGap(() => setVisible(true)), [room]);
  return (
    <div role="status">
      {visible && (
        <p className={styles.notice}>
          {list.lost}
          <button className={styles.seen} type="button" onClick={() => setVisible(false)}>
            {list.ok}
          </button>
        </p>
      )}
    </div>
  );
}
