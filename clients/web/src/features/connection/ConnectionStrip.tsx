import type { Client } from "@hubbub/client";
import { useEffect, useRef, useState } from "react";
import { useStatus } from "../../hooks/useClient.ts";
import { useVoice } from "../../ui/Announcer.tsx";
import styles from "./ConnectionStrip.module.css";
import { type ConnectionNotice, noticeOf } from "./connectionNotice.ts";

/** Shorter interruptions are not shown. */
const delay = 1_000;

interface Props {
  readonly client: Client;
  readonly catchingUp: boolean;
}

/** Shows the state of a connection that is interrupted for a second; the composer stays usable. */
export function ConnectionStrip({ client, catchingUp }: Props) {
  const status = useStatus(client);
  const now = useNow(client, status.state === "waiting");
  const notice = noticeOf(status, catchingUp, now);
  const shown = useLasting(notice !== null);
  useConnectionAnnouncements(shown && status.state !== "online");
  if (!shown || notice === null) return null;
  return (
    <div className={styles.strip}>
      <span>{notice.text}</span>
      <Action notice={notice} client={client} />
    </div>
  );
}

function Action({
  notice,
  client,
}: {
  readonly notice: ConnectionNotice;
  readonly client: Client;
}) {
  if (notice.action === undefined) return null;
  const isWaiting = notice.action === "reconnect now";
  return (
    <button
      className={styles.action}
      type="button"
      onClick={() => (isWaiting ? client.retry() : client.connect())}
    >
      {isWaiting ? "Reconnect now" : "Connect again"}
    </button>
  );
}

/** The client's time, updated twice a second while it is displayed. */
function useNow(client: Client, ticking: boolean): number {
  const [, setTicks] = useState(0);
  useEffect(() => {
    if (!ticking) return;
    const timer = setInterval(() => setTicks((ticks) => ticks + 1), 500);
    return () => clearInterval(timer);
  }, [ticking]);
  return client.now;
}

/** True once the condition has lasted a second. */
function useLasting(is: boolean): boolean {
  const [lasting, setLasting] = useState(false);
  useEffect(() => {
    if (!is) return setLasting(false);
    const timer = setTimeout(() => setLasting(true), delay);
    return () => clearTimeout(timer);
  }, [is]);
  return is && lasting;
}

/** Announce the loss and the return of the connection, once each. */
function useConnectionAnnouncements(lost: boolean): void {
  const voice = useVoice();
  const wasLost = useRef(false);
  useEffect(() => {
    if (lost) voice.alert("Connection lost");
    else if (wasLost.current) voice.say("Connection restored");
    wasLost.current = lost;
  }, [lost, voice]);
}
