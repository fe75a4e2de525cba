import type { Client, Room, RoomSnapshot } from "@hubbub/client";
import { useCallback, useEffect, useState } from "react";
import { useAnnouncements } from "../features/announce/useAnnouncements.ts";
import { Composer } from "../features/composer/Composer.tsx";
import { ConnectionStrip } from "../features/connection/ConnectionStrip.tsx";
import { GapNotice } from "../features/gaps/GapNotice.tsx";
import { Members } from "../features/members/Members.tsx";
import { Timeline } from "../features/timeline/Timeline.tsx";
import { TypingLine } from "../features/timeline/TypingLine.tsx";
import { useRoom, useStatus } from "../hooks/useClient.ts";
import styles from "./Chat.module.css";
import { useEscape } from "./useEscape.ts";

/** The limit of a text before the first welcome. */
const usualLength = 4_000;

interface Props {
  readonly room: Room;
  readonly client: Client;
  readonly drafts: Map<string, string>;
  readonly roomsOpen: boolean;
  onRooms(): void;
}

/** The open room: its name, messages, composer and members. */
export function RoomView({ room, client, drafts, roomsOpen, onRooms }: Props) {
  const snapshot = useRoom(room);
  const live = useStatus(client).state === "online";
  const [membersOpen, setMembersOpen] = useState(false);
  const onMembers = () => setMembersOpen(!membersOpen);
  const columns = { roomsOpen, onRooms, membersOpen, onMembers };
  useEscape(membersOpen, () => setMembersOpen(false));
  const keepDraft = useCallback(
    (text: string) => void drafts.set(room.name, text),
    [drafts, room.name],
  );
  const user = client.user ?? "";
  useAnnouncements(room, client.wrote);
  useEffect(() => {
    document.title = `${room.name} · hubbub`;
  }, [room.name]);

  return (
    <>
      <main className={styles.room}>
        <Header name={room.name} live={live} count={snapshot.members.count} {...columns} />
        <ConnectionStrip client={client} catchingUp={snapshot.catchingUp} />
        <GapNotice room={room} />
        <JoinError snapshot={snapshot} />
        <Timeline room={room} snapshot={snapshot} user={user} />
        <TypingLine typing={snapshot.typing} />
        <Composer
          room={room}
          most={client.limits?.text ?? usualLength}
          draft={drafts.get(room.name) ?? ""}
          disabled={snapshot.state === "refused"}
          onDraft={keepDraft}
        />
      </main>
      {membersOpen && (
        <div className={styles.backdrop} onPointerDown={() => setMembersOpen(false)} />
      )}
      <aside
        id="who"
        className={styles.members}
        data-open={membersOpen}
        data-live={live}
        aria-label="Members"
      >
        <Members room={room} members={snapshot.members} user={client.user} />
      </aside>
    </>
  );
}

interface HeaderProps {
  readonly name: string;
  readonly live: boolean;
  readonly count: number;
  readonly roomsOpen: boolean;
  onRooms(): void;
  readonly membersOpen: boolean;
  onMembers(): void;
}

/** The name of the room, and buttons for the columns that are hidden in a narrow window. */
function Header({ name, live, count, ...columns }: HeaderProps) {
  return (
    <header className={styles.header}>
      <button
        className={styles.menu}
        type="button"
        aria-controls="rooms"
        aria-expanded={columns.roomsOpen}
        onClick={columns.onRooms}
      >
        Rooms
      </button>
      <h1 className={styles.title}>
        <bdi>{name}</bdi>
      </h1>
      <button
        className={styles.who}
        type="button"
        data-live={live}
        aria-controls="who"
        aria-expanded={columns.membersOpen}
        onClick={columns.onMembers}
      >
        <span className={styles.dot} aria-hidden="true" />
        {count} {count === 1 ? "member" : "members"}
      </button>
    </header>
  );
}

function JoinError({ snapshot }: { readonly snapshot: RoomSnapshot }) {
  if (snapshot.refusal === null) return null;
  return (
    <p className={styles.refused} role="alert">
      You cannot join this room: {snapshot.refusal.message}
    </p>
  );
}
