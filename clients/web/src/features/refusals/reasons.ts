/** Why a message was not sent, in words. */

const reasons: Readonly<Record<string, string>> = {
  too_long: "it’s too long.",
  empty: "there’s nothing in it.",
  forbidden: "you may not write here.",
  not_joined: "you’re not in this room.",
  outbox_full: "too much is waiting already.",
  too_many_rooms: "you’re in too many rooms.",
};

/** Put a refusal into words; of one that is new, the server's own. */
export function reasonOf(code: string, message: string): string {
  return reasons[code] ?? (message === "" ? `${code}.` : message);
}
