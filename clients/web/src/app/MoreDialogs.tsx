import type { Client } from "@hubbub/client";
import { KeysDialog } from "../features/keys/KeysDialog.tsx";
import { JoinDialog } from "../features/rooms/JoinDialog.tsx";
import { SettingsDialog } from "../features/settings/SettingsDialog.tsx";
import type { Stores } from "../stores/stores.ts";
import { roomOfWords } from "./route.ts";

export interface MoreDialogsProps {
  readonly open: "join" | "settings" | "keys";
  readonly client: Client;
  readonly stores: Stores;
  /** The rooms that the user has joined. */
  readonly joined: readonly string[];
  onRoom(room: string): void;
  onClose(): void;
}

/** The dialogs: a part of the page that is loaded when the page is at rest, or with the first of them. */
export default function MoreDialogs({ open, stores, onRoom, ...props }: MoreDialogsProps) {
  const { onClose } = props;
  switch (open) {
    case "join":
      return <JoinDialog roomOf={roomOfWords} onJoin={onRoom} {...props} />;
    case "settings":
      return <SettingsDialog client={props.client} stores={stores} onClose={onClose} />;
    case "keys":
      return <KeysDialog onClose={onClose} />;
  }
}
