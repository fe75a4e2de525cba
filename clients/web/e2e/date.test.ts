/** Go to a day of the history. */
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { test } from "./browser.ts";
import { messages, newRoom, SdkUser, sees, signIn } from "./users.ts";

const day = 86_400_000;

/** Let the page receive the first messages of the room as ten days old. */
async function makeOld(page: Page, upTo: number): Promise<void> {
  await page.routeWebSocket(/\/ws/, (socket) => {
    const server = socket.connectToServer();
    server.onMessage((frame) => socket.send(aged(JSON.parse(String(frame)), upTo)));
  });
}

interface Frame {
  readonly offset?: number;
  readonly at?: number;
  readonly messages?: readonly Frame[];
}

function aged(frame: Frame, upTo: number): string {
  const age = (one: Frame) =>
    (one.offset ?? 0) <= upTo ? { ...one, at: (one.at ?? 0) - 10 * day } : one;
  return JSON.stringify(frame.messages ? { ...frame, messages: frame.messages.map(age) } : frame);
}

function dateField(daysAgo: number): string {
  const date = new Date(Date.now() - daysAgo * day);
  const two = (part: number) => String(part).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

test("the name of a day, and the menu of the room, lead to another day", async ({
  browser,
  url,
}) => {
  const room = newRoom();
  const { page } = browser;
  const bob = new SdkUser(url, room, `bob of ${room}`);
  await bob.say(...Array.from({ length: 160 }, (_, at) => `line ${at}`));
  await makeOld(page, 40);
  await signIn(page, url, room, `ann of ${room}`);
  await sees(page, "line 159");
  await page.getByRole("button", { name: "Room menu" }).click();
  await page.getByRole("menuitem", { name: "Go to a date…" }).click();
  await page.getByLabel("Date", { exact: true }).fill(dateField(10));
  await browser.screenshot("date");
  await page.getByRole("button", { name: "Go", exact: true }).click();
  const first = messages(page).getByText("line 0", { exact: true });
  await first.waitFor();
  await expect.poll(async () => (await first.boundingBox())?.y ?? 0).toBeLessThan(300);

  await messages(page).getByTitle("Go to a date").first().click();
  await page.getByLabel("Date", { exact: true }).fill(dateField(5));
  await page.keyboard.press("Enter");
  const next = messages(page).getByText("line 40", { exact: true });
  await expect.poll(async () => (await next.boundingBox())?.y ?? 0).toBeLessThan(300);
  await expect.poll(async () => (await next.boundingBox())?.y ?? 0).toBeGreaterThan(50);
  bob.leave();
});
