import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { type Client, type ClientOptions, createClient, TokenRefused } from "./client.ts";
import type { RoomSnapshot } from "./roomSnapshot.ts";
import type { KeyValue } from "./storage.ts";
import { TestNode } from "./testNode.testing.ts";

let node: TestNode;
const clients: Client[] = [];

beforeEach(async () => {
  node = await TestNode.start();
  vi.spyOn(Math, "random").mockReturnValue(0.02);
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  await node.stop();
});

function connect(options: Partial<ClientOptions> = {}): Client {
  const client = createClient({ url: node.url, name: "ann", WebSocket, ...options });
  clients.push(client);
  client.connect();
  return client;
}

async function joined(options: Partial<ClientOptions> = {}) {
  const client = connect(options);
  const room = client.room("lobby");
  room.join();
  await vi.waitFor(() => expect(room.snapshot.state).toBe("live"));
  return { client, room };
}

function texts({ rows }: RoomSnapshot): string[] {
  return rows.map((row) => {
    if (row.kind === "message") return row.message.text;
    return row.kind === "own" ? `${row.text} (${row.state})` : "gap";
  });
}

class Memory implements KeyValue {
  readonly items = new Map<string, string>();
  getItem = (key: string) => this.items.get(key) ?? null;
  setItem = (key: string, value: string) => void this.items.set(key, value);
  removeItem = (key: string) => void this.items.delete(key);
}

test("an own message is in the snapshot at once, and keeps its row when it is stored", async () => {
  const { room } = await joined();
  const { key, done } = room.send("hello");
  expect(texts(room.snapshot)).toEqual(["hello (sending)"]);
  await expect(done).resolves.toMatchObject({ offset: 1, duplicate: false });
  await vi.waitFor(() => expect(texts(room.snapshot)).toEqual(["hello"]));
  expect(room.snapshot.rows[0]).toMatchObject({ id: key, own: true });
});

test("messages of others are reported, and in the snapshot", async () => {
  const { room } = await joined();
  const received: string[] = [];
  room.onMessage(({ text }) => received.push(text));
  node.say("hi");
  await vi.waitFor(() => expect(received).toEqual(["hi"]));
  expect(texts(room.snapshot)).toEqual(["hi"]);
});

test("the snapshot is the same object until something changes", async () => {
  const { client, room } = await joined();
  const before = room.snapshot;
  client.retry();
  expect(room.snapshot).toBe(before);
  room.send("x");
  expect(room.snapshot).not.toBe(before);
  expect(client.room("lobby")).toBe(room);
});

test("after a restart of the node the client is back, without missed messages", async () => {
  const { client, room } = await joined();
  node.say("one");
  await vi.waitFor(() => expect(texts(room.snapshot)).toEqual(["one"]));
  const states: string[] = [];
  client.onStatus(({ state }) => states.push(state));
  node.drop(1012);
  node.model.cut();
  node.say("two");
  const { done } = room.send("three");
  await done;
  expect(states).toEqual(["waiting", "connecting", "online"]);
  await vi.waitFor(() => expect(texts(room.snapshot)).toEqual(["one", "two", "three"]));
});

test("onMessage reports what was missed while away, in order, once, and no history", async () => {
  node.say("history");
  const { client, room } = await joined();
  const received: string[] = [];
  room.onMessage(({ text }) => received.push(text));
  node.say("one");
  await vi.waitFor(() => expect(received).toEqual(["one"]));
  const states: string[] = [];
  client.onStatus(({ state }) => states.push(state));
  node.drop(1012);
  node.model.cut();
  node.say("two");
  node.say("three");
  await vi.waitFor(() => expect(states).toContain("online"));
  node.say("four");
  await vi.waitFor(() => expect(received).toEqual(["one", "two", "three", "four"]));
  node.drop(1012);
  node.model.cut();
  node.model.newEpoch();
  node.say("anew");
  await vi.waitFor(() => expect(received).toEqual(["one", "two", "three", "four", "anew"]));
});

test("a node that lost the room is detected, and what was shown stays above a gap", async () => {
  const { room } = await joined();
  const lost = vi.fn();
  room.onGap(lost);
  node.say("one");
  await vi.waitFor(() => expect(texts(room.snapshot)).toEqual(["one"]));
  node.drop(1012);
  node.model.cut();
  node.model.newEpoch();
  node.say("startsOver");
  await vi.waitFor(() => expect(texts(room.snapshot)).toEqual(["one", "gap", "startsOver"]));
  expect(lost).toHaveBeenCalledOnce();
});

test("a final close code closes the client, without a reconnect", async () => {
  const { client } = await joined();
  node.drop(4502);
  await vi.waitFor(() => expect(client.status).toEqual({ state: "closed", code: 4502 }));
});

test("queued messages survive a reload, with their keys", async () => {
  const storage = new Memory();
  const first = await joined({ storage });
  node.silent = true;
  const { key } = first.room.send("remember me");
  first.client.close();
  expect([...storage.items.values()].join()).toContain("remember me");

  node.silent = false;
  const { room } = await joined({ storage });
  await vi.waitFor(() => expect(texts(room.snapshot)).toEqual(["remember me"]));
  expect(node.model.log.map((message) => message.key)).toEqual([key]);
  await vi.waitFor(() => expect(storage.items.size).toBe(0));
});

test("a message that cannot be sent rejects with the reason", async () => {
  const client = connect();
  const { done } = client.room("den").send("x");
  await expect(done).rejects.toMatchObject({ name: "NotSent", code: "not_joined" });
});

test("a page of history is inserted before the first row", async () => {
  for (const text of ["one", "two", "three", "four"]) node.model.publish("bob", text, text);
  const { room } = await joined();
  expect(texts(room.snapshot)).toEqual(["two", "three", "four"]);
  await expect(room.loadOlder()).resolves.toEqual({ more: false });
  expect(texts(room.snapshot)).toEqual(["one", "two", "three", "four"]);
  expect(room.snapshot.beginning).toBe(true);
});

test("while the user reads older rows, none is dropped; later the oldest are", async () => {
  const { room } = await joined();
  room.keepRows(true);
  for (let number = 0; number < 5_001; number += 1) node.say(`${number}`);
  await vi.waitFor(() => expect(room.snapshot.rows.length).toBe(5_001), { timeout: 20_000 });
  expect(texts(room.snapshot)[0]).toBe("0");
  room.keepRows(false);
  expect(room.snapshot.rows.length).toBe(4_000);
  expect(room.snapshot.beginning).toBe(false);
  room.keepRows(true);
  node.say("more");
  await vi.waitFor(() => expect(room.snapshot.rows.length).toBe(4_001));
}, 30_000);

test("a message sent by a listener comes after its event, and an exception in a listener is harmless", async () => {
  const { room } = await joined();
  const uncaught = vi.fn();
  vi.stubGlobal("reportError", uncaught);
  room.onMessage(({ text }) => {
    if (text === "ping") room.send("pong");
  });
  room.onMessage(() => {
    throw new Error("not mine");
  });
  node.say("ping");
  await vi.waitFor(() => expect(texts(room.snapshot)).toEqual(["ping", "pong"]));
  expect(uncaught).toHaveBeenCalled();
});

test("the identity is reported, with its proof", async () => {
  const client = connect();
  const identity = vi.fn();
  client.onIdentity(identity);
  await vi.waitFor(() => expect(identity).toHaveBeenCalledWith({ user: "ann", session: "s" }));
  expect(client.limits?.text).toBe(4000);
});

test("the token is requested when it is needed, and TokenRefused is final", async () => {
  connect({ token: async () => "t1" });
  await vi.waitFor(() => expect(node.commands[0]).toMatchObject({ type: "hello", token: "t1" }));
  const refused = connect({
    token: () => {
      throw new TokenRefused();
    },
  });
  await vi.waitFor(() => expect(refused.status).toEqual({ state: "closed", code: "no_token" }));
});

test("a client with a reservation uses it in the URL, once", async () => {
  node.full = 1;
  const client = connect();
  await vi.waitFor(() => expect(client.status.state).toBe("online"));
  node.drop(1012);
  await vi.waitFor(() => expect(node.paths).toEqual(["/ws", "/ws?booked=1", "/ws"]));
});

test("a failed connection is retried, even with a URL that the browser rejects", async () => {
  class Rejecting {
    constructor() {
      throw new Error("insecure");
    }
  }
  const client = connect({ WebSocket: Rejecting as unknown as typeof WebSocket });
  await vi.waitFor(() => expect(client.status).toMatchObject({ code: 1006 }));
});

test("an invalid address is rejected when the client is created", () => {
  expect(() => createClient({ url: "no address", WebSocket })).toThrow(TypeError);
});

test("a program that starts again with its position receives what it missed, once", async () => {
  const { client, room } = await joined();
  node.say("one");
  await vi.waitFor(() => expect(room.snapshot.position?.offset).toBe(1));
  const { position } = room.snapshot;
  client.close();
  node.model.publish("bob", "missed", "two");

  const next = connect({ url: node.url.replace(/^ws/, "http").replace(/\/ws$/, "") }).room("lobby");
  const messages = next.messages();
  next.join(position ?? undefined);
  const received = await messages.next();
  expect(received.value).toMatchObject({ message: { text: "two" }, position: { offset: 2 } });
  node.say("three");
  expect((await messages.next()).value?.message.text).toBe("three");
});

test("without a WebSocket class the error says what to do", () => {
  vi.stubGlobal("WebSocket", undefined);
  expect(() => createClient({ url: node.url })).toThrow("Pass a class as the option WebSocket");
});

test("a page of the directory is read while the client is online, otherwise it is null", async () => {
  const client = connect();
  await expect(client.directory()).resolves.toBeNull();
  await vi.waitFor(() => expect(client.status.state).toBe("online"));
  node.silent = true;
  const [first, same, other] = [client.directory("d"), client.directory("d"), client.directory()];
  await vi.waitFor(() => expect(node.commands.at(-1)).toMatchObject({ type: "directory" }));
  const rooms = [{ room: "den", members: 2 }];
  node.model.line.push({ type: "directory", id: 2, rooms, more: false, complete: true });
  node.say("hello");
  const page = { rooms, after: null, complete: true };
  await expect(Promise.all([first, same])).resolves.toEqual([page, page]);
  client.close();
  await expect(other).resolves.toBeNull();
});

test("a read mark comes with the join, moves, and is reported", async () => {
  const client = connect();
  const marks: unknown[] = [];
  client.onMark((room, mark) => marks.push([room, mark]));
  await vi.waitFor(() => expect(client.status.state).toBe("online"));
  node.silent = true;
  client.room("lobby").join();
  const members = { count: 1, names: ["ann"], more: false };
  const mark = { epoch: "e", offset: 4, unread: 5, mentions: 1 };
  const join = { id: 2, room: "lobby", epoch: "e", head: 9, recovered: false, messages: [] };
  node.model.line.push({ type: "joined", ...join, members, mark });
  node.say("hello");
  await vi.waitFor(() => expect(client.mark("lobby")).toEqual(mark));
  client.markRead("lobby", 7);
  await vi.waitFor(() => expect(node.commands.at(-1)).toMatchObject({ type: "read", offset: 7 }));
  expect(marks).toEqual([["lobby", mark]]);
  const rooms = client.rooms();
  client.close();
  await expect(rooms).resolves.toBeNull();
});
