/** Tickets to upload files, and the files of messages. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { type Client, createClient } from "./client.ts";
import { TestNode } from "./testNode.testing.ts";

let node: TestNode;
let client: Client;

beforeEach(async () => {
  node = await TestNode.start();
  client = createClient({ url: node.url, name: "ann", WebSocket });
});

afterEach(async () => {
  client.close();
  await node.stop();
});

test("two files that look the same have two tickets", async () => {
  client.connect();
  const room = client.room("lobby");
  await expect(room.ticket("a.png", 3)).rejects.toMatchObject({ code: "not_joined" });
  room.join();
  await vi.waitFor(() => expect(room.snapshot.state).toBe("live"));
  node.silent = true;
  const asked = [room.ticket("a.png", 3, "image/png"), room.ticket("a.png", 3, "image/png")];
  const last = room.ticket("b", 1);
  const command = { type: "upload", id: 5, room: "lobby", name: "b", size: 1 };
  await vi.waitFor(() => expect(node.commands.at(-1)).toEqual(command));
  node.model.line.push({ type: "ticket", id: 3, file: "f1", expires: 9 });
  node.model.line.push({ type: "ticket", id: 4, file: "f2", expires: 9 });
  node.say("hello");
  await expect(Promise.all(asked)).resolves.toMatchObject([{ file: "f1" }, { file: "f2" }]);
  node.drop(1012);
  await expect(last).rejects.toMatchObject({ name: "SearchFailed", code: "lost" });
});

test("a message names its files, and has them in the snapshot", async () => {
  client.connect();
  const room = client.room("lobby");
  room.join();
  await vi.waitFor(() => expect(room.snapshot.state).toBe("live"));
  node.silent = true;
  const files = [{ id: "f1", name: "a.png", size: 3, type: "image/png" }];
  room.send("", undefined, files);
  expect(room.snapshot.rows.at(-1)).toMatchObject({ kind: "own", files });
  await vi.waitFor(() => expect(node.commands.at(-1)).toMatchObject({ files: ["f1"] }));
});
