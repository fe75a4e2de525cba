/** What there is to say of the connection, if anything. */
import type { Status } from "@hubbub/client";

export interface Trouble {
  readonly words: string;
  /** What the reader may do about it. */
  readonly remedy?: "try now" | "connect";
}

/** Name the trouble; `now` is on the clock of the status. Null: all is well. */
export function troubleOf(status: Status, catchingUp: boolean, now: number): Trouble | null {
  switch (status.state) {
    case "offline":
      return { words: "You are offline. What you write is sent when you’re back." };
    case "waiting":
      return { words: waiting(status.until - now), remedy: "try now" };
    case "connecting":
      return { words: status.attempt === 0 ? "Connecting…" : "Reconnecting…" };
    case "closed":
      return { words: closed(status.code), remedy: "connect" };
    default:
      return catchingUp ? { words: "Catching up…" } : null;
  }
}

function waiting(left: number): string {
  const seconds = Math.max(1, Math.ceil(left / 1000));
  return `Connection lost. Reconnecting in ${seconds} s.`;
}

function closed(code: number | string): string {
  if (code === "name_taken") return "Your name was given to somebody else meanwhile.";
  if (code === 4502) return "This server doesn’t take connections from this page’s address.";
  if (code === 1000) return "Disconnected.";
  return `The server ended the connection (${code}).`;
}
