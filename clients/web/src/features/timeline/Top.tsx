import type { Room, RoomSnapshot } from "@hubbub/client";
import { type Texts, useTexts } from "../../i18n/language.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { Skeleton } from "./Skeleton.tsx";
import styles from "./Top.module.css";

interface Props {
  readonly room: Room;
  readonly snapshot: RoomSnapshot;
  readonly loading: boolean;
  readonly hidden: boolean;
}

/** What is above all rows: nothing, a note that always has the same height, or the start of a new room. */
export function Top({ room, snapshot, loading, hidden }: Props) {
  const texts = useTexts();
  const { state, rows, catchingUp } = snapshot;
  if (rows.length === 0 && (state === "joining" || catchingUp)) return <Skeleton />;
  if (rows.length === 0 && state === "live" && !snapshot.lost) return <Empty room={room.name} />;
  const words = loading ? texts.list.loading : hidden ? "" : beginningOf(snapshot, texts);
  return <p className={styles.top}>{words}</p>;
}

function beginningOf({ beginning, lost, rows, state }: RoomSnapshot, { list }: Texts): string {
  if (!beginning || state === "joining") return "";
  if (lost || rows[0]?.kind === "gap") return list.notKept;
  return list.beginning;
}

/** A room without messages, and the link that invites others. */
function Empty({ room }: { readonly room: string }) {
  const { list, rooms } = useTexts();
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
