import type { Room, Row } from "@hubbub/client";
import { useEffect, useState } from "react";
import { useTexts } from "../../i18n/language.tsx";
import styles from "./GapNotice.module.css";

interface Props {
  readonly room: Room;
  readonly rows: readonly Row[];
}

/** Reports lost messages of which nothing is left: where the list shows a gap, that says it. */
export function GapNotice({ room, rows }: Props) {
  const { list } = useTexts();
  const [visible, setVisible] = useState(false);
  useEffect(() => room.onGap(() => setVisible(true)), [room]);
  const isInList = rows.some(({ kind }) => kind === "gap");
  return (
    <div role="status">
      {visible && !isInList && (
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
