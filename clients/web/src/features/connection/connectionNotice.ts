/** The notice about the state of the connection. */
import type { Status } from "@hubbub/client";

export interface ConnectionNotice {
  readonly text: string;
  /** The action that the user may take. */
  readonly action?: "reconnect now" | "connect";
}

/** Return the notice; null if the client is online. `now` is on the clock of the status. */
export function noticeOf(
  status: Status,
  catchingUp: boolean,
  now: number,
): ConnectionNotice | null {
  switch (status.state) {
    case "offline":
      return { text: "You are offline. Your messages will be sent when you are back online." };
    case "waiting":
      return { text: waiting(status.until - now), action: "reconnect now" };
    case "connecting":
      return { text: status.attempt === 0 ? "Connecting…" : "Reconnecting…" };
    case "closed":
      return { text: closed(status.code), action: "connect" };
    default:
      return catchingUp ? { text: "Catching up…" } : null;
  }
}

function waiting(left: number): string {
  const seconds = Math.max(1, Math.ceil(left / 1000));
  return `Connection lost. Reconnecting in ${seconds} s.`;
}

function closed(code: number | string): string {
  if (code === "name_taken") return "Another user has taken your name.";
  if (code === 4502) return "This server does not allow connections from this page’s address.";
  if (code === 1000) return "Disconnected.";
  return `The server closed the connection (code ${code}).`;
}
