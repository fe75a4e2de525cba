// @vitest-environment jsdom
/** The examples of the README run as they stand there. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { createElement, type FunctionComponent } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { type Client, createClient } from "./client.ts";
import type { Position } from "./index.ts";
import type { Room } from "./room.ts";
import { TestNode } from "./testNode.testing.ts";

// Beside the package, where an application's imports of it are found.
const folder = join(import.meta.dirname, "../.cache/readme");
const readme = await readFile(join(import.meta.dirname, "../README.md"), "utf8");
const examples = [...readme.matchAll(/```tsx?\n(.*?)```/gs)].map(([, code = ""]) => code);

let node: TestNode;
let client: Client;

beforeEach(async () => {
  node = await TestNode.start();
  vi.stubGlobal("WebSocket", WebSocket);
  client = createClient({ url: node.url, name: "ann", WebSocket });
});

afterEach(async () => {
  cleanup();
  client.close();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  await node.stop();
});

/** Import an example as a module. */
async function load<Exports>(name: string, code: string): Promise<Exports> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, name), code);
  return await import(/* @vite-ignore */ join(folder, name));
}

const example = (number: number) => examples[number] ?? "";

test("the README has these examples", () => {
  expect(examples).toHaveLength(3);
});

test("the first example prints what others and it say", async () => {
  const lines: string[] = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
  const local = example(0).replace("https://chat.example.org", node.url);
  const started = await load<{ client: Client }>("first.ts", `${local}\nexport { client };`);
  expect(node.commands.some((command) => command.type === "send")).toBe(true);
  node.say("good morning");
  await vi.waitFor(() => expect(lines).toContain("bob: good morning"));
  // The model calls each user so.
  expect(lines).toContain("ann: hello");
  started.client.close();
});

test("the second example replies once to each message, and resumes", async () => {
  type Loop = (
    client: Client,
    room: Room,
    from: Position | undefined,
    save: (at: Position) => void,
  ) => void;
  const { reply } = await load<{ reply: Loop }>(
    "second.ts",
    `export async function reply(client, room, positionOfLastRun, save) {\n${example(1)}}`,
  );
  client.connect();
  const room = client.room("lobby");
  const saved: Position[] = [];
  reply(client, room, undefined, (at) => saved.push(at));
  await vi.waitFor(() => expect(room.snapshot.state).toBe("live"));
  node.say("good morning");
  await vi.waitFor(() => expect(saved).toHaveLength(1));
  const sent = node.commands.flatMap((command) => (command.type === "send" ? [command.text] : []));
  expect(sent).toEqual(["bob said good morning"]);
});

test("the component shows messages, and sends", async () => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: false });
  const { Lobby } = await load<{ Lobby: FunctionComponent<{ client: Client }> }>(
    "lobby.tsx",
    `${example(2)}\nexport { Lobby };`,
  );
  client.connect();
  act(() => void render(createElement(Lobby, { client })));
  await vi.waitFor(() => expect(client.room("lobby").snapshot.state).toBe("live"));
  fireEvent.click(screen.getByText("Say hello"));
  await screen.findByText("ann: hello");
});
