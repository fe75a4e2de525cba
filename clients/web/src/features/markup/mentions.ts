/** Find the mentions of a user. */
import type { Client, Message } from "@hubbub/client";

/** The user, and the id by which messages mention it; null if the server finds no mentions. */
export interface Me {
  readonly user: string;
  readonly id: string | null;
}

export function meOf({ user, userId, features }: Client): Me {
  return { user: user ?? "", id: features.includes("mentions") ? userId : null };
}

export function mentionsUser({ text, mentions: ids = [] }: Message, { user, id }: Me): boolean {
  return id === null ? mentions(text, user) : ids.includes(id);
}

const patterns = new Map<string, RegExp>();

export function mentions(text: string, name: string): boolean {
  if (name === "" || !text.includes("@")) return false;
  let pattern = patterns.get(name);
  if (pattern === undefined) {
    const literal = name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    pattern = new RegExp(`(?<![\\p{L}\\p{N}])@${literal}(?![\\p{L}\\p{N}])`, "iu");
    patterns.set(name, pattern);
  }
  return pattern.test(text);
}
