import type { Client } from "@hubbub/client";
import { useMemo, useState } from "react";
import { useChords } from "../features/keys/useChords.ts";
import { later, laterShown } from "../features/parts/later.ts";
import { focusLastRow } from "../features/timeline/rowFocus.ts";
import { useStatus } from "../hooks/useClient.ts";
import { useLatest } from "../hooks/useLatest.ts";
import { useTexts } from "../i18n/language.tsx";
import type { Stores } from "../stores/stores.ts";
import { useSaved } from "../stores/useSaved.ts";
import { Announcer } from "../ui/Announcer.tsx";
import { copyText } from "../ui/copyText.ts";
import { Toasts, useToast } from "../ui/Toasts.tsx";
import styles from "./Chat.module.css";
import { type DialogName, Dialogs } from "./Dialogs.tsx";
import { embed } from "./embed.ts";
import type { RoomMenu } from "./Header.tsx";
import { usePanels } from "./panels.ts";
import { RoomView } from "./RoomView.tsx";
import { goTo, linkTo } from "./route.ts";
import { SearchDrawer, useSearchPanel } from "./SearchDrawer.tsx";
import { Sidebar } from "./Sidebar.tsx";
import { type Rooms, useRoomActions, useRooms } from "./useRooms.ts";

const useAttentionPart = later(() => import("../features/attention/Attention.tsx"));
const Swipe = laterShown(() => import("./Swipe.tsx"));

interface Props {
  readonly client: Client;
  readonly stores: Stores;
  onChangeName(): void;
}

/** The list of rooms, and the open room. */
export function Chat(props: Props) {
  return (
    <Announcer>
      <Toasts>
        <Page {...props} />
      </Toasts>
    </Announcer>
  );
}

function Page({ client, stores, onChangeName }: Props) {
  const rooms = useRooms(client, stores);
  const { current, offset, summaries } = rooms;
  const actions = useRoomActions(client, stores, rooms);
  const panels = usePanels();
  const [dialog, setDialog] = useState<DialogName | null>(null);
  useStatus(client); // renders again when client.user changes
  const search = useSearchPanel(panels, offset);
  usePageKeys(actions, setDialog, () => search.onOpen(""));
  const open = (room: string) => {
    goTo(room);
    panels.onClose();
    setDialog(null);
  };

  return (
    <div className={styles.page} data-panel={panels.open}>
      {embed === null && (
        <Sidebar
          {...{ current, panels, onChangeName }}
          rooms={summaries}
          user={client.user}
          onOpen={open}
          onDialog={setDialog}
        />
      )}
      {embed === null && <Swipe panels={panels} />}
      {panels.modal && <div className={styles.backdrop} onPointerDown={panels.onClose} />}
      <RoomView
        key={current}
        room={client.room(current)}
        client={client}
        stores={stores}
        target={search.target}
        panels={panels}
        menu={useRoomMenu(rooms, stores, actions)}
        onSearch={useLatest(search.onOpen)}
      />
      <SearchDrawer {...{ client, panels, search }} room={current} rooms={rooms.names} />
      <UnreadAlerts {...{ client, stores, rooms }} />
      <Dialogs
        {...{ open: dialog, rooms: summaries, joined: rooms.names, client, stores }}
        onRoom={open}
        onClose={() => setDialog(null)}
      />
    </div>
  );
}

/** Show what is unread in the title, the icon, and notifications. */
function UnreadAlerts({ client, stores, rooms }: Omit<Props, "onChangeName"> & { rooms: Rooms }) {
  const preferences = useSaved(stores.preferences);
  const part = useAttentionPart();
  const { current, summaries, names } = rooms;
  if (part === null) return null;
  return (
    <part.Attention
      {...{ client, names, preferences, onOpen: goTo }}
      room={current}
      unread={sum(summaries, "count")}
      mentions={sum(summaries, "mentions")}
    />
  );
}

function usePageKeys(
  actions: Actions,
  show: (dialog: DialogName) => void,
  search: () => void,
): void {
  useChords({
    search,
    switcher: () => show("switcher"),
    nextUnread: () => actions.step(1, "unread"),
    previousUnread: () => actions.step(-1, "unread"),
    firstUnread: actions.firstUnread,
    nextRoom: () => actions.step(1),
    previousRoom: () => actions.step(-1),
    markRead: actions.markRead,
    toMessages: () => focusLastRow(document.querySelector("[role=log]")),
    help: () => show("keys"),
  });
}

function sum(rooms: Rooms["summaries"], what: "count" | "mentions"): number {
  return rooms.reduce((total, { unread }) => total + unread[what], 0);
}

type Actions = ReturnType<typeof useRoomActions>;

/** The menu of the open room; the same object until what it shows changes. */
function useRoomMenu({ current, summaries }: Rooms, stores: Stores, actions: Actions): RoomMenu {
  const toast = useToast();
  const { rooms, message } = useTexts();
  const favourite = summaries.find(({ name }) => name === current)?.favourite ?? false;
  const level = useSaved(stores.preferences).notifyOf[current] ?? "mentions";
  const canLeave = summaries.length > 1;
  const onFavourite = useLatest(() => actions.favourite(!favourite));
  const onLeave = useLatest(actions.leave);
  const onBack = useLatest(actions.back);
  return useMemo(
    () => ({
      favourite,
      level,
      canLeave,
      onFavourite,
      onLeave,
      onBack,
      onLevel: (next) =>
        stores.preferences.update((before) => ({
          ...before,
          notifyOf: { ...before.notifyOf, [current]: next },
        })),
      onCopyLink: () =>
        void copyText(linkTo(current)).then((copied) =>
          toast({ text: copied ? rooms.linkCopied : message.copyFailed }),
        ),
    }),
    [
      favourite,
      level,
      canLeave,
      onFavourite,
      onLeave,
      onBack,
      stores,
      current,
      toast,
      rooms,
      message,
    ],
  );
}
