import type { Client } from "@hubbub/client";
import { useEffect, useRef } from "react";
import { useClientTime, useStatus } from "../../hooks/useClient.ts";
import { useLasting } from "../../hooks/useLasting.ts";
import { useTexts } from "../../i18n/language.tsx";
import { useVoice } from "../../ui/Announcer.tsx";
import styles from "./ConnectionStrip.module.css";
import { type ConnectionNotice, noticeOf } from "./connectionNotice.ts";

/** Shorter interruptions are not shown. */
const delay = 1_000;

interface Props {
  readonly client: Client;
  readonly catchingUp: boolean;
}

/** Shows the state of a connection that is interrupted for a second; the composer stays usable. A part. */
export default function ConnectionStrip({ client, catchingUp }: Props) {
  const status = useStatus(client);
  const now = useClientTime(client, status.state === "waiting");
  const notice = noticeOf(status, catchingUp, now, useTexts());
  const shown = useLasting(notice !== null, delay);
  useConnectionAnnouncements(shown && status.state !== "online");
  if (!shown || notice === null) return null;
  return (
    <div className={styles.strip}>
      <span>{notice.text}</span>
      <Action notice={notice} client={client} />
    </div>
  );
}

interface ActionProps {
  readonly notice: ConnectionNotice;
  readonly client: Client;
}

function Action({ notice: { action }, client }: ActionProps) {
  const { connection } = useTexts();
  if (action === undefined) return null;
  const isWaiting = action === "try now";
  return (
    <button
      className={styles.action}
      type="button"
      onClick={() => (isWaiting ? client.retry() : client.connect())}
    >
      {isWaiting ? connection.tryNow : connection.connect}
    </button>
  );
}

/** Announce the loss and the return of the connection, once each. */
function useConnectionAnnouncements(lost: boolean): void {
  const voice = useVoice();
  const { connection } = useTexts();
  const wasLost = useRef(false);
  useEffect(() => {
    if (lost) voice.alert(connection.lost);
    else if (wasLost.current) voice.say(connection.restored);
    wasLost.current = lost;
  }, [lost, voice, connection]);
}
