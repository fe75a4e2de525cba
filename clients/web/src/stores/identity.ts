/** The name of the user and its proof, as all tabs of the page know them. */
import type { KeyValue } from "@hubbub/client";

export const remembered = "hubbub.identity";

export interface Remembered {
  readonly name: string;
  readonly session: string;
}

/** Return the name and its proof; null for a user who is not signed in. */
export function recall(identities: KeyValue): Remembered | null {
  try {
    const saved: unknown = JSON.parse(identities.getItem(remembered) ?? "null");
    return isRemembered(saved) ? saved : null;
  } catch {
    return null;
  }
}

function isRemembered(value: unknown): value is Remembered {
  if (typeof value !== "object" || value === null) return false;
  const { name, session } = value as Record<string, unknown>;
  return typeof name === "string" && typeof session === "string";
}
