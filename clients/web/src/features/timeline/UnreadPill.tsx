import type { RoomSnapshot } from "@hubbub/client";
import { useEffect, useState } from "react";
import { useAllTexts } from "../../i18n/useAllTexts.ts";
import { Icon } from "../../ui/Icon.tsx";
import { timeOfDay } from "../../ui/times.ts";
import { unreadOf } from "../unread/unread.ts";
import type { Divider } from "../unread/useReadMark.ts";
import type { Target } from "./seek.ts";
import styles from "./Timeline.module.css";

interface Props {
  readonly list: {
    readonly divider: Divider;
    readonly scroller: React.RefObject<HTMLElement | null>;
    readonly items: readonly unknown[];
    seek(target: Target): void;
  };
  readonly snapshot: RoomSnapshot;
  readonly user: string;
}

/** "12 new since 14:02": leads to the divider when it is above what is shown. */
export function UnreadPill({ list, snapshot, user }: Props) {
  const texts = useAllTexts();
  const { mark, counted } = list.divider;
  const unread = unreadOf(
    snapshot.rows,
    mark,
    { user, id: null },
    {
      beginning: snapshot.beginning,
      counted,
    },
  );
  const [isAbove, dismiss] = useIsAbove(list, unread.older);
  const { first } = unread;
  if (!isAbove || first === null || mark === undefined) return null;
  const toDivider = () => {
    dismiss();
    list.seek({ offset: mark.offset + 1, top: 64 });
  };
  return (
    <button className={styles.unread} type="button" onClick={toDivider}>
      {texts.list.unreadSince(
        `${unread.count}${unread.more ? "+" : ""}`,
        timeOfDay(first.message.at, texts.locale),
      )}
      <Icon name="up" />
    </button>
  );
}

/** Return whether the divider is above what is shown, until the user has seen it. */
function useIsAbove({ scroller, items }: Props["list"], notLoaded: boolean): [boolean, () => void] {
  const [state, setState] = useState<"unknown" | "above" | "seen">("unknown");

  // biome-ignore lint/correctness/useExhaustiveDependencies: new rows may add the divider
  useEffect(() => {
    const box = scroller.current;
    if (state === "seen" || box === null || typeof IntersectionObserver === "undefined") return;
    const line = box.querySelector("[data-unread]");
    if (line === null) return setState(notLoaded ? "above" : "unknown");
    const watch = new IntersectionObserver(
      ([entry]) => setState(entry?.isIntersecting ? "seen" : "above"),
      { root: box },
    );
    watch.observe(line);
    return () => watch.disconnect();
  }, [scroller, items, state, notLoaded]);
  return [state === "above", () => setState("seen")];
}
