import { beforeEach, expect, test } from "vitest";
import { openTabOutbox } from "./tabOutbox.ts";

/** Locks that this test grants and releases. */
class Locks {
  readonly held = new Set<string>();

  request(name: string, ...rest: unknown[]): Promise<unknown> {
    const act = rest.at(-1) as () => Promise<unknown>;
    if (this.held.has(name)) return Promise.reject(new Error("not in time"));
    this.held.add(name);
    return Promise.resolve(act()).finally(() => this.held.delete(name));
  }

  query() {
    return Promise.resolve({ held: [...this.held].map((name) => ({ name })) });
  }
}

class Tab {
  readonly #values = new Map<string, string>();
  getItem = (key: string) => this.#values.get(key) ?? null;
  setItem = (key: string, value: string) => void this.#values.set(key, value);
  removeItem = (key: string) => void this.#values.delete(key);
}

let locks: Locks;
const open = (tab: Tab) => openTabOutbox(localStorage, tab, locks as unknown as LockManager);

beforeEach(() => {
  localStorage.clear();
  locks = new Locks();
});

test("two open tabs have an outbox each, and a reload finds its own again", async () => {
  const tab = new Tab();
  const first = await open(tab);
  const second = await open(new Tab());
  first.setItem("lobby", '["one"]');
  second.setItem("lobby", '["two"]');
  expect(first.getItem("lobby")).toBe('["one"]');
  locks.held.delete(`hubbub.tab.${tab.getItem("hubbub.tab")}`);
  expect((await open(tab)).getItem("lobby")).toBe('["one"]');
});

test("a tab that starts takes over what closed tabs left", async () => {
  for (const text of ["one", "two"]) (await open(new Tab())).setItem("lobby", `["${text}"]`);
  locks.held.clear();
  const next = await open(new Tab());
  expect(JSON.parse(next.getItem("lobby") ?? "")).toHaveLength(2);
  expect(localStorage.length).toBe(1);
  expect((await open(new Tab())).getItem("lobby")).toBeNull();
});

test("a duplicated tab gets an id of its own", async () => {
  const tab = new Tab();
  (await open(tab)).setItem("lobby", '["one"]');
  expect((await open(tab)).getItem("lobby")).toBeNull();
});
