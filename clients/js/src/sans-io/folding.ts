/** Fold a message and its changes into what is shown (specification, CG6-CG9): a pure function. */
import type { Change, Deletion, Message, Reaction, Reactor } from "./frames.ts";

/**
 * Apply changes to a message in the order of their offsets, each once.
 *
 * A message may be folded already, up to its `changed`. Changes that are in it are ignored, and so are those of
 * other messages.
 */
export function fold(message: Message, changes: Iterable<Change>): Message {
  const { offset, changed = 0 } = message;
  const due = new Map<number, Change>();
  for (const change of changes)
    if (change.target === offset && change.offset > changed) due.set(change.offset, change);
  return [...due.values()].sort((one, other) => one.offset - other.offset).reduce(apply, message);
}

function apply(message: Message, change: Change): Message {
  const changed = change.offset;
  if (message.deleted !== undefined) return { ...message, changed };
  switch (change.change) {
    case "edit":
      if (change.text === undefined) break;
      return edited(change, change.text, message);
    case "delete":
      return deletedBy(change, message);
    case "react":
    case "unreact":
      if (change.emoji === undefined) break;
      return reacted(change, change.emoji, message);
  }
  return { ...message, changed };
}

function edited({ at, offset, mentions }: Change, text: string, message: Message): Message {
  const { mentions: _before, ...rest } = message;
  return {
    ...rest,
    text,
    edited: at,
    changed: offset,
    ...(mentions !== undefined && { mentions }),
  };
}

function deletedBy({ user, user_id, at, offset }: Change, message: Message): Message {
  const deleted: Deletion = { user, at, ...(user_id !== undefined && { user_id }) };
  const { mentions: _0, files: _1, edited: _2, reactions: _3, ...rest } = message;
  return { ...rest, text: "", deleted, changed: offset };
}

function reacted(change: Change, emoji: string, message: Message): Message {
  const { reactions: before = [], ...rest } = message;
  const known = before.some((reaction) => reaction.emoji === emoji);
  const all = known ? before : [...before, { emoji, users: [] }];
  const reactions = all
    .map((one) => (one.emoji === emoji ? { emoji, users: usersAfter(change, one) } : one))
    .filter(({ users }) => users.length > 0);
  return { ...rest, ...(reactions.length > 0 && { reactions }), changed: change.offset };
}

/** Return the users of a reaction after a change: a user keeps the place of the first reaction. */
function usersAfter(change: Change, { users }: Reaction): readonly Reactor[] {
  const who = personOf(change);
  const { user, user_id } = change;
  if (change.change !== "react") return users.filter((one) => personOf(one) !== who);
  if (users.some((one) => personOf(one) === who)) return users;
  return [...users, { user, ...(user_id !== undefined && { user_id }) }];
}

/** What identifies a user: the id, or the name in entries of servers that stored no ids. */
function personOf({ user, user_id }: Reactor): string {
  return user_id ?? user;
}
