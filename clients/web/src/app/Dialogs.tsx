import { part } from "../features/parts/part.ts";
import type { RoomSummary } from "../features/rooms/useRoomSummaries.ts";
import { Switcher } from "../features/switcher/Switcher.tsx";
import type { Stores } from "../stores/stores.ts";
import type { MoreDialogsProps } from "./MoreDialogs.tsx";
import { roomOfWords } from "./route.ts";

export type DialogName = "switcher" | MoreDialogsProps["open"];

const MoreDialogs = part(() => import("./MoreDialogs.tsx"));

interface Props {
  readonly open: DialogName | null;
  readonly rooms: readonly RoomSummary[];
  readonly stores: Stores;
  onRoom(room: string): void;
  onClose(): void;
}

/** The dialog that is open. */
export function Dialogs({ open, rooms, ...props }: Props) {
  if (open === null) return null;
  if (open !== "switcher") return <MoreDialogs open={open} {...props} />;
  const { onRoom, onClose } = props;
  return <Switcher rooms={rooms} roomOf={roomOfWords} onOpen={onRoom} onClose={onClose} />;
}
