/** Setting the topic of a room. */
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

test("a topic is set, or rejected with the reason", async () => {
  client.connect();
  const room = client.room("lobby");
  await expect(room.setTopic("tea")).rejects.toMatchObject({ code: "not_joined" });
  room.join();
  await vi.waitFor(() => expect(room.snapshot.state).toBe("live"));
  node.silent = true;
  const setting = room.setTopic("tea");
  const command = { type: "topic", id: 3, room: "lobby", text: "tea" };
  await vi.waitFor(() => expect(node.commands.at(-1)).toEqual(command));
  node.model.line.push({ type: "sent", id: 3, epoch: "e", offset: 7, duplicate: false });
  node.say("hello");
  await expect(setting).resolves.toEqual({ epoch: "e", offset: 7 });
  const lost = room.setTopic("");
  node.drop(1012);
  await expect(lost).rejects.toMatchObject({ name: "NotSent", code: "lost" });
});
