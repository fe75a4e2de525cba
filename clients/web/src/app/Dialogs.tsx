import { part } from "../features/parts/part.ts";
import type { RoomSummary } from "../features/rooms/useRoomSummaries.ts";
import { Switcher } from "../features/switcher/Switcher.tsx";
import type { MoreDialogsProps } from "./MoreDialogs.tsx";
import { roomOfWords } from "./route.ts";

export type DialogName = MoreDialogsProps["open"] | "switcher";

const MoreDialogs = part(() => import("./MoreDialogs.tsx"));

interface Props extends Omit<MoreDialogsProps, "open"> {
  readonly open: DialogName | null;
  readonly rooms: readonly RoomSummary[];
}

/** The dialog that is open. The switcher is no part: a user types into it without looking. */
export function Dialogs({ open, rooms, ...props }: Props) {
  const { onRoom, onClose } = props;
  if (open === null) return null;
  if (open === "switcher")
    return <Switcher rooms={rooms} roomOf={roomOfWords} onOpen={onRoom} onClose={onClose} />;
  return <MoreDialogs open={open} {...props} />;
}
