import type { Room, RoomSnapshot } from "@hubbub/client";
import { type Texts, useTexts } from "../../i18n/language.tsx";
import { laterShown } from "../parts/later.ts";
import { Skeleton } from "./Skeleton.tsx";
import styles from "./Top.module.css";

const Empty = laterShown(() => import("./EmptyRoom.tsx"));

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
