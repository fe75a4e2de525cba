/** Error texts for messages that were not sent. */

const reasons: Readonly<Record<string, string>> = {
  too_long: "it is too long.",
  empty: "it is empty.",
  forbidden: "you have no permission to write in this room.",
  not_joined: "you have not joined this room.",
  outbox_full: "too many messages are queued.",
  too_many_rooms: "you have joined too many rooms.",
  rooms_full: "the server can't store another room. Write in a room that has messages.",
};

/** Return the text for an error code; for an unknown code, the server's message. */
export function sendErrorText(code: string, message: string): string {
  return reasons[code] ?? (message === "" ? `${code}.` : message);
}
