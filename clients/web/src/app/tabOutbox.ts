/**
 * The outboxes of all tabs, in the storage that outlives them.
 *
 * Each tab writes below its own id, so no tab overwrites what another one still has to send. A lock shows that a tab is
 * open; the next tab that starts takes over what closed tabs left. Without locks (a page without TLS) a tab finds only
 * its own outbox again, after a reload.
 */
import type { KeyValue } from "@hubbub/client";
import type { PageStorage } from "./storage.ts";

const prefix = "hubbub.tab.";
const idKey = "hubbub.tab";
/** A reloaded page waits so long for the lock of the page before it. */
const handover = 300;

export async function openTabOutbox(
  kept: PageStorage,
  tab: KeyValue,
  available: LockManager | undefined = navigator.locks,
): Promise<KeyValue> {
  const locks = await usable(available);
  const before = tab.getItem(idKey);
  const id = before !== null && (await acquire(locks, before)) ? before : newId();
  if (id !== before) await acquire(locks, id);
  tab.setItem(idKey, id);
  if (locks !== undefined) await locks.request(`${prefix}adopt`, () => adopt(kept, id, locks));
  return {
    getItem: (key) => kept.getItem(`${prefix}${id}.${key}`),
    setItem: (key, value) => kept.setItem(`${prefix}${id}.${key}`, value),
    removeItem: (key) => kept.removeItem(`${prefix}${id}.${key}`),
  };
}

/** With cookies blocked, there are locks that cannot be used. */
async function usable(locks: LockManager | undefined): Promise<LockManager | undefined> {
  try {
    await locks?.query();
    return locks;
  } catch {
    return undefined;
  }
}

/** Hold a lock until the tab is closed; false if another tab has it: a duplicated tab has the same id. */
function acquire(locks: LockManager | undefined, id: string): Promise<boolean> {
  if (locks === undefined) return Promise.resolve(true);
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(handover);
    const untilClosed = () => {
      resolve(true);
      return new Promise<void>(() => {});
    };
    locks.request(`${prefix}${id}`, { signal }, untilClosed).catch(() => resolve(false));
  });
}

async function adopt(kept: PageStorage, id: string, locks: LockManager): Promise<void> {
  const { held = [] } = await locks.query();
  const open = new Set(held.map(({ name }) => name));
  for (const key of keysOf(kept)) {
    const [owner, name] = ownerOf(key);
    if (owner === id || open.has(`${prefix}${owner}`)) continue;
    const own = `${prefix}${id}.${name}`;
    kept.setItem(own, joined(kept.getItem(own), kept.getItem(key)));
    kept.removeItem(key);
  }
}

function keysOf(kept: PageStorage): string[] {
  const keys = Array.from({ length: kept.length }, (_, at) => kept.key(at) ?? "");
  return keys.filter((key) => key.startsWith(prefix));
}

function ownerOf(key: string): [owner: string, name: string] {
  const rest = key.slice(prefix.length);
  const end = rest.indexOf(".");
  return [rest.slice(0, end), rest.slice(end + 1)];
}

/** Join two lists of messages. */
function joined(first: string | null, then: string | null): string {
  return JSON.stringify([...listOf(first), ...listOf(then)]);
}

function listOf(text: string | null): unknown[] {
  try {
    const list: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}

function newId(): string {
  return Math.random().toString(36).slice(2, 12);
}
