import type { Client } from "@hubbub/client";
import type { Preferences } from "../../stores/preferences.ts";
import { usePush } from "../push/usePush.ts";
import { useAway } from "./away.ts";
import { useNotifications } from "./useNotifications.ts";
import { useTitle } from "./useTitle.ts";

interface Props {
  readonly client: Client;
  readonly names: readonly string[];
  readonly room: string;
  readonly unread: number;
  readonly mentions: number;
  readonly preferences: Preferences;
  onOpen(room: string, offset: number): void;
}

/**
 * Shows what is unread in the title, the icon, and notifications; keeps the subscription for pushes; reports whether the
 * user is away.
 */
export function Attention({ room, unread, mentions, ...props }: Props) {
  useTitle(room, unread, mentions);
  useNotifications(props);
  usePush(props.client, props.preferences, props.onOpen);
  useAway(props.client);
  return null;
}
