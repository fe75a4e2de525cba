/** The notice about the state of the connection. */
import type { Status } from "@hubbub/client";
import type { Texts } from "../../i18n/language.tsx";

export interface ConnectionNotice {
  readonly text: string;
  /** The action that the user may take. */
  readonly action?: "try now" | "connect";
}

/** Return the notice; null if the client is online. `now` is on the clock of the status. */
export function noticeOf(
  status: Status,
  catchingUp: boolean,
  now: number,
  { connection }: Texts,
): ConnectionNotice | null {
  switch (status.state) {
    case "offline":
      return { text: connection.offline };
    case "waiting":
      return { text: connection.waiting(secondsUntil(status.until, now)), action: "try now" };
    case "connecting":
      return { text: status.attempt === 0 ? connection.connecting : connection.reconnecting };
    case "closed":
      return { text: closed(status.code, connection), action: "connect" };
    default:
      return catchingUp ? { text: connection.catchingUp } : null;
  }
}

function secondsUntil(until: number, now: number): number {
  return Math.max(1, Math.ceil((until - now) / 1000));
}

function closed(code: number | string, texts: Texts["connection"]): string {
  if (code === "name_taken") return texts.nameTaken;
  if (code === 4502) return texts.origin;
  return code === 1000 ? texts.disconnected : texts.closed(code);
}
