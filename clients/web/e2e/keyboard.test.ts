/** The page by keyboard alone, and where the focus is. */
import { expect } from "vitest";
import { test } from "./browser.ts";
import { field, newRoom, SdkUser, say, sees, signIn } from "./users.ts";

test("a whole conversation needs no pointer", async ({ browser, url }) => {
  const room = newRoom();
  const { page, context } = browser;
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const bob = new SdkUser(url, room, `bob of ${room}`);
  await bob.say("a question");
  await page.goto(url);
  await page.getByLabel("Your name").waitFor();
  await page.keyboard.type(`ann of ${room}`);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "lobby", level: 1 }).waitFor();
  await page.keyboard.press("Control+k");
  await page.keyboard.type(room);
  await page.keyboard.press("Enter");
  await sees(page, "a question");
  await page.keyboard.type("an answer");
  await page.keyboard.press("Enter");
  await sees(page, "an answer");

  await page.keyboard.press("F6");
  const focused = page.locator("[data-row]:focus");
  await focused.getByText("an answer").waitFor();
  await page.keyboard.press("ArrowUp");
  await focused.getByText("a question").waitFor();
  await page.keyboard.press("c");
  await page.getByText("Text copied").waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("a question");
  await page.keyboard.press("l");
  await page.getByText("Link copied").waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toContain("/1");
  await page.keyboard.press("Escape");
  await expect.poll(() => field(page).evaluate((one) => one === document.activeElement)).toBe(true);

  await page.keyboard.press("Control+/");
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  await browser.screenshot("keys");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  expect(await field(page).evaluate((one) => one === document.activeElement)).toBe(true);
  bob.leave();
});

test("a drawer on a phone takes the focus, keeps it, and returns it", async ({ browser, url }) => {
  const room = newRoom();
  const { page } = browser;
  await page.setViewportSize({ width: 390, height: 844 });
  await signIn(page, url, room, `ann of ${room}`);
  await say(page, "hello");
  await sees(page, "hello");
  for (const [button, drawer] of [
    ["Rooms", "Rooms and account"],
    ["1 member", "Members"],
  ] as const) {
    const opener = page.getByRole("button", { name: button });
    await opener.click();
    const column = page.getByRole("dialog", { name: drawer });
    await column.waitFor();
    for (let press = 0; press < 8; press += 1) {
      await page.keyboard.press("Tab");
      const outside = await page.evaluate(() => document.activeElement?.closest("main") !== null);
      expect(outside).toBe(false);
    }
    await column.focus();
    await page.keyboard.press("Escape");
    await column.waitFor({ state: "hidden" });
    await expect.poll(() => opener.evaluate((one) => one === document.activeElement)).toBe(true);
  }
});
