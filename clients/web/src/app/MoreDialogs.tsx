import { KeysDialog } from "../features/keys/KeysDialog.tsx";
import { JoinDialog } from "../features/rooms/JoinDialog.tsx";
import type { RoomSummary } from "../features/rooms/useRoomSummaries.ts";
import { SettingsDialog } from "../features/settings/SettingsDialog.tsx";
import { Switcher } from "../features/switcher/Switcher.tsx";
import type { Stores } from "../stores/stores.ts";
import { roomOfWords } from "./route.ts";

export interface MoreDialogsProps {
  readonly open: "switcher" | "join" | "settings" | "keys";
  readonly rooms: readonly RoomSummary[];
  readonly stores: Stores;
  onRoom(room: string): void;
  onClose(): void;
}

/** The dialogs: a part of the page that is loaded when the page is at rest, or with the first of them. */
export default function MoreDialogs({ open, rooms, stores, onRoom, onClose }: MoreDialogsProps) {
  switch (open) {
    case "switcher":
      return <Switcher rooms={rooms} roomOf={roomOfWords} onOpen={onRoom} onClose={onClose} />;
    case "join":
      return <JoinDialog roomOf={roomOfWords} onJoin={onRoom} onClose={onClose} />;
    case "settings":
      return <SettingsDialog stores={stores} onClose={onClose} />;
    case "keys":
      return <KeysDialog onClose={onClose} />;
  }
}
