import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { test } from "./browser.ts";
import { newRoom, openWindow, say, sees, signIn } from "./users.ts";

const web = fileURLToPath(new URL("..", import.meta.url));
const python = resolve(web, process.env.HUBBUB_E2E_PYTHON ?? "../../.venv/bin/python");

/** A user of the terminal client in line mode. */
class Terminal {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #lines: string[] = [];

  constructor(url: string, room: string, name: string) {
    const server = url.replace(/^http/, "ws");
    const program = resolve(dirname(python), "hubbub-chat");
    this.#process = spawn(program, ["--server", server, "--name", name, "--plain", room]);
    createInterface({ input: this.#process.stdout }).on("line", (line) => this.#lines.push(line));
  }

  type(line: string): void {
    this.#process.stdin.write(`${line}\n`);
  }

  async shows(text: string): Promise<void> {
    await expect.poll(() => this.#lines.join("\n"), { timeout: 10_000 }).toContain(text);
  }

  async leave(): Promise<void> {
    this.#process.stdin.end();
    this.#process.kill("SIGINT");
    await once(this.#process, "exit");
  }
}

test("two windows and a terminal chat in one room", async ({ browser, url }) => {
  const room = newRoom();
  const { page: ann } = browser;
  const bob = await openWindow(browser.context);
  await signIn(ann, url, room, `ann of ${room}`);
  await signIn(bob, url, room, `bob of ${room}`);
  await say(ann, "who is at the terminal?");
  const carl = new Terminal(url, room, `carl of ${room}`);
  await carl.shows("who is at the terminal?");

  carl.type("I am");
  await sees(ann, "I am");
  await sees(bob, "I am");
  await say(bob, "welcome");
  await carl.shows("welcome");
  await ann.getByText("Members 3").waitFor();
  await carl.leave();
  await ann.getByText("Members 2").waitFor();
  expect(browser.errors).toEqual([]);
});
