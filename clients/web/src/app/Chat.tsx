import type { Client } from "@hubbub/client";
import { useCallback, useEffect, useState } from "react";
import { RoomList } from "../features/rooms/RoomList.tsx";
import { useUnread } from "../features/rooms/useUnread.ts";
import { useVisited } from "../features/rooms/useVisited.ts";
import { useStatus } from "../hooks/useClient.ts";
import { Announcer } from "../ui/Announcer.tsx";
import styles from "./Chat.module.css";
import { RoomView } from "./RoomView.tsx";
import { addressOf, goTo, useRoute } from "./route.ts";
import { useEscape } from "./useEscape.ts";

interface Props {
  readonly client: Client;
  onSignOut(): void;
}

/** The list of rooms, and the open room. */
export function Chat({ client, onSignOut }: Props) {
  const current = useRoute();
  const [rooms, forget] = useVisited(current);
  const unread = useUnread(client, rooms, current);
  const [drafts] = useState(() => new Map<string, string>());
  const [open, setOpen] = useState(false);
  useStatus(client); // renders again when client.user changes
  useJoined(client, rooms);
  useEscape(open, () => setOpen(false));

  const enter = useCallback((room: string) => {
    goTo(room);
    setOpen(false);
  }, []);
  const leave = (room: string) => {
    client.room(room).leave();
    forget(room);
    if (room === current) goTo(rooms.find((other) => other !== room) ?? "lobby");
  };

  return (
    <Announcer>
      <div className={styles.page}>
        <aside id="rooms" className={styles.side} data-open={open} aria-label="Rooms and account">
          <p className={styles.brand}>hubbub</p>
          <RoomList
            rooms={rooms}
            current={current}
            unread={unread}
            addressOf={addressOf}
            onOpen={enter}
            onLeave={leave}
          />
          <Me name={client.user} onSignOut={onSignOut} />
        </aside>
        {open && <div className={styles.backdrop} onPointerDown={() => setOpen(false)} />}
        <RoomView
          key={current}
          room={client.room(current)}
          client={client}
          drafts={drafts}
          roomsOpen={open}
          onRooms={() => setOpen(!open)}
        />
      </div>
    </Announcer>
  );
}

function Me({ name, onSignOut }: { readonly name: string | null; onSignOut(): void }) {
  return (
    <div className={styles.me}>
      <bdi className={styles.name}>{name ?? "…"}</bdi>
      <button className={styles.plain} type="button" onClick={onSignOut}>
        Change name
      </button>
    </div>
  );
}

/** Join these rooms. The user leaves rooms explicitly. */
function useJoined(client: Client, rooms: readonly string[]): void {
  useEffect(() => {
    for (const room of rooms) client.room(room).join();
  }, [client, rooms]);
}
