/** Users for the browser tests, with a page or with the SDK. */

import { type Client, createClient } from "@hubbub/client";
import type { BrowserContext, Locator, Page } from "playwright-core";
import { WebSocket } from "ws";
import { inFirefox } from "./browser.ts";

/** An outbox holds 200. */
const atOnce = 100;

/** Return the name of a room that no other test uses. */
export function newRoom(): string {
  return `room ${Math.random().toString(36).slice(2, 8)}`;
}

/** Open the page, sign in, and join a room. */
export async function signIn(page: Page, url: string, room: string, name: string): Promise<void> {
  await page.goto(`${url}/r/${encodeURIComponent(room)}`);
  await write(page.getByLabel("Your name"), name);
  await page.getByRole("button", { name: "Join" }).click();
  await page.getByRole("heading", { name: room, level: 1 }).waitFor();
}

/** Open a window with its own profile, for another user. */
export async function openWindow(context: BrowserContext): Promise<Page> {
  const browser = context.browser();
  if (browser === null) throw new Error("this context belongs to no browser");
  const other = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  return other.newPage();
}

/** Open another room that the user joins, or has joined. */
export async function open(page: Page, room: string): Promise<void> {
  await page.evaluate((name) => {
    window.history.pushState(null, "", `/r/${encodeURIComponent(name)}`);
    window.dispatchEvent(new PopStateEvent("popstate"));
  }, room);
  await page.getByRole("heading", { name: room, level: 1 }).waitFor();
}

/** The message field. */
export function field(page: Page) {
  return page.getByRole("textbox", { name: /^Message to/ });
}

/** Replace the text of a field. In Firefox, Playwright's `fill` sets the value so that React does not notice. */
export async function write(where: Locator, text: string): Promise<void> {
  if (!inFirefox()) return where.fill(text);
  await where.selectText();
  await where.pressSequentially(text);
}

export async function say(page: Page, text: string): Promise<void> {
  await write(field(page), text);
  await page.keyboard.press("Enter");
}

/** Wait until the page shows this text among its messages. */
export async function sees(page: Page, text: string): Promise<void> {
  await messages(page).getByText(text, { exact: true }).waitFor();
}

export function messages(page: Page) {
  return page.getByRole("log");
}

/** A user of the SDK, without a page. */
export class SdkUser {
  readonly client: Client;
  readonly #room: ReturnType<Client["room"]>;

  constructor(url: string, room: string, name: string) {
    this.client = createClient({ url: `${url.replace(/^http/, "ws")}/ws`, name, WebSocket });
    this.client.connect();
    this.#room = this.client.room(room);
    this.#room.join();
  }

  /** Send these texts, and wait until they are stored. */
  async say(...texts: string[]): Promise<void> {
    const more = [...texts];
    while (more.length > 0)
      await Promise.all(more.splice(0, atOnce).map((text) => this.#room.send(text).done));
  }

  get room(): ReturnType<Client["room"]> {
    return this.#room;
  }

  typing(): void {
    this.#room.typing();
  }

  leave(): void {
    this.client.close();
  }
}
