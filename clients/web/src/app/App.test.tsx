import { render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createStores } from "../stores/stores.ts";
import { App } from "./App.tsx";
import { Session } from "./session.ts";

class Socket {
  static last: Socket | null = null;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror = null;
  readonly sent: Record<string, unknown>[] = [];

  constructor() {
    Socket.last = this;
    queueMicrotask(() => this.onopen?.());
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }

  close(): void {}

  deliver(event: Record<string, unknown>): void {
    this.onmessage?.({ data: JSON.stringify(event) });
  }
}

let session: Session | null = null;

function open(): Session {
  session = new Session({
    url: "ws://node/ws",
    identities: localStorage,
    outbox: sessionStorage,
  });
  session.resume();
  render(<App session={session} stores={createStores(localStorage)} />);
  return session;
}

beforeEach(() => {
  localStorage.clear();
  sessionStorage.clear();
  window.history.replaceState(null, "", "/");
  vi.stubGlobal("WebSocket", Socket);
});

// A client that stays would connect again during the next test, which would take that socket for its own.
afterEach(() => {
  session?.cancel();
  session = null;
  Socket.last = null;
});

const limits = { frame: 65_536, text: 10, rooms: 100, sends: 10, burst: 20 };
const members = { count: 2, names: ["ann", "bob"], more: false };
const hi = {
  type: "message",
  room: "lobby",
  offset: 1,
  prev: 0,
  key: "x",
  user: "bob",
  text: "hi",
  at: 0,
};

async function signIn(): Promise<Socket> {
  open();
  await userEvent.type(screen.getByLabelText("Your name"), "ann{Enter}");
  const socket = Socket.last;
  if (socket === null) throw new Error("no socket was opened");
  await waitFor(() => expect(socket.sent[0]).toMatchObject({ type: "hello", name: "ann" }));
  return socket;
}

async function enter(): Promise<Socket> {
  const socket = await signIn();
  socket.deliver({
    type: "welcome",
    id: 1,
    user: "ann",
    session: "s",
    ping: 25_000,
    time: 0,
    limits,
  });
  await screen.findByRole("heading", { name: "lobby", level: 1 });
  const join = { type: "joined", room: "lobby", epoch: "e", head: 1, recovered: false };
  await waitFor(() => expect(socket.sent[1]).toMatchObject({ type: "join", room: "lobby" }));
  socket.deliver({ ...join, id: 2, messages: [hi], members });
  await screen.findByText("hi");
  return socket;
}

test("the page shows its title, and asks for a name first", () => {
  open();
  expect(screen.getByRole("heading", { level: 1 })).toHaveTextContent("hubbub");
  expect(screen.getByRole("button", { name: "Join" })).toBeDisabled();
});

test("for a name in use the page offers a free one", async () => {
  const socket = await signIn();
  const refusal = { type: "error", id: 1, code: "name_taken", message: "", retry: false };
  socket.deliver({ ...refusal, suggestion: "ann2" });
  expect(await screen.findByRole("alert")).toHaveTextContent("ann is in use. ann2 is free.");
  await waitFor(() => expect(screen.getByLabelText("Your name")).toHaveValue("ann2"));
});

test("the page shows messages, members, and own messages at once", async () => {
  const socket = await enter();
  const panel = screen.getByRole("complementary", { name: "Members" });
  await waitFor(() => expect(panel).toHaveTextContent("Members 2"));
  await userEvent.type(screen.getByRole("textbox", { name: "Message to lobby" }), "hello{Enter}");
  expect(screen.getByRole("log")).toHaveTextContent("hello");
  expect(socket.sent.at(-1)).toMatchObject({ type: "send", text: "hello" });
});

test("members are marked as outdated while the connection is lost", async () => {
  const socket = await enter();
  const panel = screen.getByRole("complementary", { name: "Members" });
  expect(panel).toHaveAttribute("data-live", "true");
  socket.onclose?.({ code: 1006, reason: "" });
  await waitFor(() => expect(panel).toHaveAttribute("data-live", "false"));
  await waitFor(() => expect(panel).toHaveTextContent("Members 2"));
});

test("Shift+Enter starts a new line, and a text that is too long is counted instead of sent", async () => {
  const socket = await enter();
  const field = screen.getByRole("textbox", { name: "Message to lobby" });
  await userEvent.type(field, "a{Shift>}{Enter}{/Shift}bcdefghijkl{Enter}");
  expect(field).toHaveValue("a\nbcdefghijkl");
  expect(screen.getByText("3 characters too many")).toBeVisible();
  await userEvent.type(field, "{Backspace}{Backspace}");
  expect(screen.getByText("1 character too many")).toBeVisible();
  expect(socket.sent.filter(({ type }) => type === "send")).toEqual([]);
});

test("a rejected message shows the reason, and can be sent again or deleted", async () => {
  const socket = await enter();
  await userEvent.type(screen.getByRole("textbox", { name: "Message to lobby" }), "hello{Enter}");
  const { id } = socket.sent.at(-1) as { id: number };
  socket.deliver({ type: "error", id, code: "forbidden", message: "no", retry: false });
  expect(await screen.findByRole("button", { name: "Retry" })).toBeVisible();
  expect(screen.getByRole("log")).toHaveTextContent(
    "Not sent: you have no permission to write in this room.",
  );
  expect(screen.getByTestId("alerted")).toHaveTextContent(
    "Not sent: you have no permission to write in this room.",
  );
  await userEvent.click(screen.getByRole("button", { name: "Retry" }));
  expect(socket.sent.at(-1)).toMatchObject({ type: "send", text: "hello" });
  socket.deliver({ type: "error", id: id + 1, code: "forbidden", message: "no", retry: false });
  await userEvent.click(await screen.findByRole("button", { name: "Delete" }));
  expect(screen.queryByText("hello")).toBeNull();
});

async function join(words: string): Promise<void> {
  await userEvent.click(screen.getByRole("button", { name: "Join a room" }));
  await userEvent.type(
    await screen.findByRole("textbox", { name: "Join another room" }),
    `${words}{Enter}`,
  );
}

test("another room is joined by name or link, and its URL can be shared", async () => {
  const socket = await enter();
  await join("a den");
  expect(await screen.findByRole("heading", { name: "a den", level: 1 })).toBeVisible();
  expect(window.location.pathname).toBe("/r/a%20den");
  expect(socket.sent.at(-1)).toMatchObject({ type: "join", room: "a den" });
  await join("https://chat.example/r/cave");
  expect(window.location.pathname).toBe("/r/cave");
});

test("a room is left by its menu, which can be undone", async () => {
  const socket = await enter();
  await join("den");
  await userEvent.click(screen.getByRole("button", { name: "Room menu" }));
  await userEvent.click(await screen.findByRole("menuitem", { name: "Leave room" }));
  expect(await screen.findByRole("heading", { name: "lobby", level: 1 })).toBeVisible();
  expect(socket.sent.at(-1)).toMatchObject({ type: "leave", room: "den" });
  expect(screen.queryByRole("link", { name: "den" })).toBeNull();
  await userEvent.click(screen.getByRole("button", { name: "Undo" }));
  expect(screen.getByRole("link", { name: "den" })).toBeVisible();
  expect(socket.sent.at(-1)).toMatchObject({ type: "join", room: "den" });
});

test("signing in without a network says so, and can be cancelled", async () => {
  const socket = await signIn();
  socket.onclose?.({ code: 1006, reason: "" });
  expect(await screen.findByText(/The server cannot be reached/)).toBeVisible();
  await userEvent.click(screen.getByRole("button", { name: "Cancel" }));
  expect(screen.getByLabelText("Your name")).toHaveValue("ann");
  expect(screen.getByRole("button", { name: "Join" })).toBeEnabled();
});

test("what was not sent is sent under the next name", async () => {
  await enter();
  await userEvent.type(screen.getByRole("textbox", { name: "Message to lobby" }), "hello{Enter}");
  await userEvent.click(screen.getByRole("button", { name: /Your account/ }));
  await userEvent.click(await screen.findByRole("menuitem", { name: "Change name" }));
  await userEvent.type(screen.getByLabelText("Your name"), "2{Enter}");
  // The client before may have opened another socket, if the machine is slow.
  const hello = { type: "hello", name: "ann2" };
  await waitFor(() => expect(Socket.last?.sent[0]).toMatchObject(hello));
  const socket = Socket.last as Socket;
  socket.deliver({
    type: "welcome",
    id: 1,
    user: "ann2",
    session: "s",
    ping: 25_000,
    time: 0,
    limits,
  });
  const join = { type: "joined", room: "lobby", epoch: "e", head: 1, recovered: false };
  await waitFor(() => expect(socket.sent[1]).toMatchObject({ type: "join" }));
  socket.deliver({ ...join, id: 2, messages: [hi], members });
  await waitFor(() => expect(socket.sent.at(-1)).toMatchObject({ type: "send", text: "hello" }));
});

test("a saved name is used without asking again", async () => {
  localStorage.setItem("hubbub.identity", JSON.stringify({ name: "ann", session: "s" }));
  open();
  expect(screen.getByRole("heading", { name: "lobby", level: 1 })).toBeVisible();
  await waitFor(() =>
    expect(Socket.last?.sent[0]).toMatchObject({ type: "hello", name: "ann", session: "s" }),
  );
});
