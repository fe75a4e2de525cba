/** Settings, languages, and what the system of the user asks for. */
import { expect } from "vitest";
import { test } from "./browser.ts";
import { newRoom, say, sees, signIn } from "./users.ts";

test("the theme is chosen, and painted from the first frame on", async ({ browser, url }) => {
  const room = newRoom();
  const { page } = browser;
  await page.emulateMedia({ colorScheme: "light" });
  await signIn(page, url, room, `ann of ${room}`);
  const settings = async () => {
    await page.getByRole("button", { name: "Your account" }).click();
    await page.getByRole("menuitem", { name: "Settings" }).click();
  };
  const colour = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await colour();
  await settings();
  await page.getByRole("radio", { name: "Dark" }).check();
  const dark = await colour();
  expect(dark).not.toBe(light);
  await browser.screenshot("settings-dark");
  await page.getByRole("radio", { name: "Compact" }).check();
  await page.getByRole("radio", { name: "Large" }).check();
  await page.keyboard.press("Escape");

  await page.addInitScript(() => {
    const seen: string[] = [];
    Object.assign(window, { seen });
    const look = () => {
      if (document.body !== null) seen.push(getComputedStyle(document.body).backgroundColor);
      if (seen.length < 20) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  await page.reload();
  await page.getByRole("heading", { name: room, level: 1 }).waitFor();
  await expect
    .poll(() => page.evaluate(() => (window as unknown as { seen: string[] }).seen.length))
    .toBe(20);
  const seen = await page.evaluate(() => (window as unknown as { seen: string[] }).seen);
  expect(new Set(seen)).toEqual(new Set([dark]));
  await browser.screenshot("compact-large-dark");
});

test("the page speaks the user's languages", async ({ browser, url }) => {
  const room = newRoom();
  const { page } = browser;
  await signIn(page, url, room, `ann of ${room}`);
  await say(page, "hello");
  await sees(page, "hello");
  await page.getByRole("button", { name: "Your account" }).click();
  await page.getByRole("menuitem", { name: "Settings" }).click();
  await page.getByRole("radio", { name: "日本語" }).check();
  await page.getByRole("dialog", { name: "設定" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByText("ここがルームの始まりです。").waitFor();
  expect(await page.evaluate(() => document.documentElement.lang)).toBe("ja");
  await browser.screenshot("japanese");
  await page.reload();
  await page.getByRole("textbox", { name: `${room} へのメッセージ` }).waitFor();
});

test("forced colours show which room is open", async ({ browser, url }) => {
  const room = newRoom();
  const { page } = browser;
  await page.emulateMedia({ forcedColors: "active" });
  await signIn(page, url, room, `ann of ${room}`);
  const outline = await page
    .locator("[aria-current=page]")
    .evaluate((link) => getComputedStyle(link).outlineStyle);
  expect(outline).toBe("solid");
  await browser.screenshot("forced-colours");
});

test("today becomes yesterday at midnight", async ({ browser, url }) => {
  const room = newRoom();
  const { page } = browser;
  await signIn(page, url, room, `ann of ${room}`);
  await say(page, "hello");
  await sees(page, "hello");
  await page.getByText("Today", { exact: true }).waitFor();
  await page.evaluate(() => {
    const now = Date.now.bind(Date);
    Date.now = () => now() + 86_400_000;
    const RealDate = Date;
    window.Date = class extends RealDate {
      constructor(...at: [] | [number]) {
        if (at.length === 0) super(RealDate.now());
        else super(...at);
      }
    } as DateConstructor;
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await page.getByText("Yesterday", { exact: true }).waitFor();
});
