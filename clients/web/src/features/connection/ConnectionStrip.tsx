import type { Client } from "@hubbub/client";
import { useEffect, useRef, useState } from "react";
import { useStatus } from "../../hooks/useClient.ts";
import { useVoice } from "../../ui/Announcer.tsx";
import styles from "./ConnectionStrip.module.css";
import { type Trouble, troubleOf } from "./trouble.ts";

/** Blips shorter than this are nobody's business. */
const patience = 1_000;

interface Props {
  readonly client: Client;
  readonly catchingUp: boolean;
}

/** Says what is wrong with the connection once it's wrong for a second; writing goes on beneath it. */
export function ConnectionStrip({ client, catchingUp }: Props) {
  const status = useStatus(client);
  const now = useNow(client, status.state === "waiting");
  const trouble = troubleOf(status, catchingUp, now);
  const shown = useLasting(trouble !== null);
  useSpoken(shown && status.state !== "online");
  if (!shown || trouble === null) return null;
  return (
    <div className={styles.strip}>
      <span>{trouble.words}</span>
      <Remedy trouble={trouble} client={client} />
    </div>
  );
}

function Remedy({ trouble, client }: { readonly trouble: Trouble; readonly client: Client }) {
  if (trouble.remedy === undefined) return null;
  const tryNow = trouble.remedy === "try now";
  return (
    <button
      className={styles.remedy}
      type="button"
      onClick={() => (tryNow ? client.retry() : client.connect())}
    >
      {tryNow ? "Try now" : "Connect again"}
    </button>
  );
}

/** The client's time, looked at twice a second while it matters. */
function useNow(client: Client, ticking: boolean): number {
  const [, setTicks] = useState(0);
  useEffect(() => {
    if (!ticking) return;
    const timer = setInterval(() => setTicks((ticks) => ticks + 1), 500);
    return () => clearInterval(timer);
  }, [ticking]);
  return client.now;
}

/** True once something has been true for a second. */
function useLasting(is: boolean): boolean {
  const [lasting, setLasting] = useState(false);
  useEffect(() => {
    if (!is) return setLasting(false);
    const timer = setTimeout(() => setLasting(true), patience);
    return () => clearTimeout(timer);
  }, [is]);
  return is && lasting;
}

/** Say aloud, once each, that the connection went and came: not the seconds between. */
function useSpoken(lost: boolean): void {
  const voice = useVoice();
  const wasLost = useRef(false);
  useEffect(() => {
    if (lost) voice.alert("Connection lost");
    else if (wasLost.current) voice.say("Connected again");
    wasLost.current = lost;
  }, [lost, voice]);
}
