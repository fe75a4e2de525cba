/** A send is settled by the server's reply, and not by its message. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { type Client, createClient } from "./client.ts";
import type { KeyValue } from "./storage.ts";
import { TestNode } from "./testNode.testing.ts";

let node: TestNode;
const clients: Client[] = [];

class Memory implements KeyValue {
  readonly items = new Map<string, string>();
  getItem = (key: string) => this.items.get(key) ?? null;
  setItem = (key: string, value: string) => void this.items.set(key, value);
  removeItem = (key: string) => void this.items.delete(key);
}

beforeEach(async () => {
  node = await TestNode.start();
  vi.spyOn(Math, "random").mockReturnValue(0.02);
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  vi.restoreAllMocks();
  await node.stop();
});

function joined(storage: KeyValue) {
  const client = createClient({ url: node.url, name: "ann", WebSocket, storage });
  clients.push(client);
  client.connect();
  const room = client.room("lobby");
  room.join();
  return { client, room };
}

/** Send a message whose receipt is lost, and wait until it is shown. */
async function sentWithoutReceipt(storage: KeyValue) {
  const { client, room } = joined(storage);
  await vi.waitFor(() => expect(room.snapshot.state).toBe("live"));
  node.losesReceipts = true;
  const { key, done } = room.send("hello");
  const settled = vi.fn();
  done.then(settled, settled);
  await vi.waitFor(() => expect(room.snapshot.rows[0]?.kind).toBe("message"));
  expect(room.snapshot.rows).toMatchObject([{ id: key, own: true }]);
  expect(settled).not.toHaveBeenCalled();
  return { client, room, key, done };
}

const sends = () => node.commands.filter(({ type }) => type === "send");

test("a message that is shown stays in the outbox until its receipt, which a new connection brings", async () => {
  const storage = new Memory();
  const { room, key, done } = await sentWithoutReceipt(storage);
  expect([...storage.items.values()].join()).toContain(key);
  node.losesReceipts = false;
  node.drop(1012);
  await expect(done).resolves.toMatchObject({ offset: 1, duplicate: true });
  expect(room.snapshot.rows).toMatchObject([{ kind: "message", id: key }]);
  expect(storage.items.size).toBe(0);
});

test("a message that is lost with its place is shown as waiting, and stored again", async () => {
  const { room, key, done } = await sentWithoutReceipt(new Memory());
  node.losesReceipts = false;
  node.model.newEpoch();
  node.drop(1012);
  await expect(done).resolves.toMatchObject({ epoch: "e2", offset: 1, duplicate: false });
  await vi.waitFor(() => expect(room.snapshot.rows).toMatchObject([{ kind: "message", id: key }]));
});

test("after a reload it is sent again with its key", async () => {
  const storage = new Memory();
  const { client, key } = await sentWithoutReceipt(storage);
  client.close();
  node.losesReceipts = false;
  const { room } = joined(storage);
  await vi.waitFor(() => expect(storage.items.size).toBe(0));
  expect(sends()).toMatchObject([{ key }, { key }]);
  expect(room.snapshot.rows).toMatchObject([{ kind: "message", id: key }]);
});

test("after a reload some minutes later it is settled by the message: the server may not know its key", async () => {
  const storage = new Memory();
  const { client, key } = await sentWithoutReceipt(storage);
  client.close();
  const before = [...storage.items][0];
  const saved = JSON.parse(before?.[1] ?? "");
  storage.setItem(before?.[0] ?? "", JSON.stringify([{ ...saved[0], at: Date.now() - 240_000 }]));
  const { room } = joined(storage);
  await vi.waitFor(() => expect(storage.items.size).toBe(0));
  expect(sends()).toMatchObject([{ key }]);
  expect(room.snapshot.rows).toMatchObject([{ kind: "message", id: key }]);
});
