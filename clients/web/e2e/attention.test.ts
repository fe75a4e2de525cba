/** What draws the user's attention: notifications, the icon, and the actions under a finger. */
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { test } from "./browser.ts";
import { messages, newRoom, SdkUser, say, sees, signIn } from "./users.ts";

/** In each tab: no focus, and notifications that are recorded in the storage that all tabs share. */
function watchNotifications(): void {
  Document.prototype.hasFocus = () => false;
  class Recorded {
    static get permission() {
      return localStorage.getItem("test.permission") ?? "default";
    }
    static async requestPermission() {
      localStorage.setItem("test.permission", "granted");
      return "granted";
    }
    onclick = null;
    constructor(title: string, { body = "" }: NotificationOptions = {}) {
      const shown = JSON.parse(localStorage.getItem("test.shown") ?? "[]");
      localStorage.setItem("test.shown", JSON.stringify([...shown, `${title}: ${body}`]));
    }
    close() {}
  }
  Object.defineProperty(window, "Notification", { value: Recorded });
}

const shown = (page: Page) =>
  page.evaluate(() => JSON.parse(localStorage.getItem("test.shown") ?? "[]") as string[]);

async function setLevel(page: Page, level: string): Promise<void> {
  await page.getByRole("button", { name: "Room menu" }).click();
  await page.getByRole("menuitemradio", { name: level }).click();
}

test("a mention notifies once in all tabs, after a button was pressed, and each room has a level", async ({
  browser,
  url,
}) => {
  const { page, context } = browser;
  const room = newRoom();
  const [ann, name] = [`ann of ${room}`, `bob of ${room}`];
  const bob = new SdkUser(url, room, name);
  await context.addInitScript(watchNotifications);
  await signIn(page, url, room, ann);
  const tab = await context.newPage();
  await tab.goto(page.url());
  await tab.getByRole("heading", { name: room, level: 1 }).waitFor();
  await bob.say(`@${ann} not asked yet`);
  await sees(page, `@${ann} not asked yet`);
  expect(await page.evaluate(() => Notification.permission)).toBe("default");

  await page.getByRole("button", { name: "Your account" }).click();
  await page.getByRole("menuitem", { name: "Settings" }).click();
  await page.getByRole("button", { name: "Show notifications" }).click();
  await page.keyboard.press("Escape");
  await bob.say("no mention", `@${ann} one`);
  const title = `${name} in #${room}`;
  await expect.poll(() => shown(page)).toEqual([`${title}: @${ann} one`]);

  await setLevel(page, "All messages");
  await bob.say("two");
  await expect.poll(() => shown(page)).toEqual([`${title}: @${ann} one`, `${title}: two`]);
  await setLevel(page, "Nothing");
  await bob.say(`@${ann} three`);
  await sees(page, `@${ann} three`);
  await sees(tab, `@${ann} three`);
  await setLevel(page, "Mentions");
  await bob.say(`@${ann} four`);
  await expect.poll(() => shown(page)).toHaveLength(3);
  expect((await shown(page)).at(-1)).toBe(`${title}: @${ann} four`);
  bob.leave();
});

test("the title counts what is unread, and the icon has a dot", async ({ browser, url }) => {
  const { page, context } = browser;
  const room = newRoom();
  const bob = new SdkUser(url, room, `bob of ${room}`);
  await context.addInitScript(() => {
    Document.prototype.hasFocus = () => false;
  });
  await bob.say("before");
  await signIn(page, url, room, `ann of ${room}`);
  await sees(page, "before");
  const icon = page.locator("link[rel=icon]");
  const before = await icon.getAttribute("href");
  await bob.say("one", "two", "three");
  await expect.poll(() => page.title()).toBe(`(3) ${room} · hubbub`);
  await expect.poll(() => icon.getAttribute("href")).not.toBe(before);
  bob.leave();
});

test("who joins and leaves between two messages is one line", async ({ browser, url }) => {
  const { page } = browser;
  const room = newRoom();
  await signIn(page, url, room, `ann of ${room}`);
  await say(page, "first");
  await sees(page, "first");
  const bob = new SdkUser(url, room, `bob of ${room}`);
  await messages(page).getByText(`bob of ${room} joined`).waitFor();
  const cat = new SdkUser(url, room, `cat of ${room}`);
  await messages(page).getByText(`bob of ${room} and cat of ${room} joined`).waitFor();
  await browser.screenshot("presence");
  await bob.say("hello");
  await sees(page, "hello");
  cat.leave();
  await messages(page).getByText(`cat of ${room} left`).waitFor();
  bob.leave();
});

test("a long press shows the actions of a message", async ({ browser, url }) => {
  const { page } = browser;
  const room = newRoom();
  const bob = new SdkUser(url, room, `bob of ${room}`);
  await bob.say("press me");
  await signIn(page, url, room, `ann of ${room}`);
  await sees(page, "press me");
  const row = messages(page).locator("[data-row]", { hasText: "press me" });
  const bar = page.getByRole("toolbar", { name: "Message actions" });
  await row.dispatchEvent("pointerdown", { pointerType: "touch", bubbles: true });
  await row.dispatchEvent("pointerup", { pointerType: "touch", bubbles: true });
  expect(await bar.count()).toBe(0);
  await row.dispatchEvent("pointerdown", { pointerType: "touch", bubbles: true });
  await bar.waitFor();
  bob.leave();
});
