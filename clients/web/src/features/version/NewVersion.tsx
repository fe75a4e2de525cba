import { useEffect, useState } from "react";
import { useAllTexts } from "../../i18n/useAllTexts.ts";
import buttons from "../../ui/buttons.module.css";
import styles from "./NewVersion.module.css";

interface Props {
  readonly online: boolean;
  /** Whether the node has another build of the page. */
  isOutdated(): Promise<boolean>;
}

/** Says that the node has a newer page. The user decides when to load it. */
export default function NewVersion({ online, isOutdated }: Props) {
  const { page } = useAllTexts();
  const [outdated, setOutdated] = useState(false);
  // An upgrade of the node interrupts the connection.
  useEffect(() => {
    if (online) void isOutdated().then(setOutdated);
  }, [online, isOutdated]);
  return (
    <div role="status">
      {outdated && (
        <p className={styles.notice}>
          {page.newVersion}
          <button className={buttons.usual} type="button" onClick={() => window.location.reload()}>
            {page.reload}
          </button>
        </p>
      )}
    </div>
  );
}
