/** What depends on the engine, in Firefox; the rows that stay in place are in `movement.test.ts`. */
import { expect } from "vitest";
import { test } from "../browser.ts";
import { field, newRoom, SdkUser, say, sees, signIn, write } from "../users.ts";

test("a conversation by keyboard works without an error", { timeout: 60_000 }, async ({
  browser,
  url,
}) => {
  const room = newRoom();
  const { page, errors } = browser;
  const bob = new SdkUser(url, room, `bob of ${room}`);
  await signIn(page, url, room, `ann of ${room}`);
  await say(page, "a *mistke*");
  await page.locator("[data-state=there]", { hasText: "a mistke" }).waitFor();
  await field(page).press("ArrowUp");
  await page.getByText("Edit message").waitFor();
  await write(field(page), "a *mistake*");
  await page.keyboard.press("Enter");
  await sees(page, "a mistake");
  await bob.say("`an answer`");
  await sees(page, "an answer");
  await page.keyboard.press("F6");
  const focused = page.locator("[data-row]:focus");
  await focused.getByText("an answer").waitFor();
  await page.keyboard.press("ArrowUp");
  await focused.getByText("a mistake").waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.type("lobby");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "lobby", level: 1 }).waitFor();
  expect(errors).toEqual([]);
  bob.leave();
});

test("the page starts while its node is away", { timeout: 60_000 }, async ({ browser, node }) => {
  const { page } = browser;
  const room = newRoom();
  await signIn(page, node.url, room, "ann");
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await page.reload();
  await field(page).waitFor();
  await node.kill();
  await page.reload();
  await page.getByRole("heading", { name: room, level: 1 }).waitFor();
  await node.start();
  await say(page, "back again");
  await page.locator("[data-state=there]", { hasText: "back again" }).waitFor();
});
