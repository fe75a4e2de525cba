import { useAllTexts } from "../../i18n/useAllTexts.ts";
import { CopyButton } from "../../ui/CopyButton.tsx";
import styles from "./EmptyRoom.module.css";

/** A room without messages, and the link that invites others. */
export default function EmptyRoom({ room }: { readonly room: string }) {
  const { list, rooms } = useAllTexts();
  return (
    <div className={styles.empty}>
      <p className={styles.sign} aria-hidden="true">
        #
      </p>
      <h2>
        <bdi>{room}</bdi>
      </h2>
      <p>{list.empty}</p>
      <p>{list.emptyHint}</p>
      <CopyButton text={() => window.location.href} done={rooms.linkCopied}>
        {rooms.copyLink}
      </CopyButton>
    </div>
  );
}
