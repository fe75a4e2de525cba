/** States of the page that no other test looks at: in three sizes and two themes, without a fault that axe finds. */
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { looksRight } from "./appearance.ts";
import { test } from "./browser.ts";
import { field, messages, newRoom, open, say, sees, signIn } from "./users.ts";

const long = { timeout: 120_000 };

test(
  "the first run, an empty room, a refused one, and no network look right",
  long,
  async ({ browser, url }) => {
    const room = newRoom();
    const { page, context } = browser;
    await page.goto(`${url}/r/${encodeURIComponent(room)}`);
    await page.getByLabel("Your name").waitFor();
    await looksRight(browser, "first-run");
    await signIn(page, url, room, `ann of ${room}`);
    await messages(page).getByText("No messages yet.").waitFor();
    await looksRight(browser, "empty");
    await context.setOffline(true);
    await page.getByText("You are offline.").waitFor();
    await say(page, "written offline");
    await sees(page, "written offline");
    await looksRight(browser, "offline");
    await context.setOffline(false);
    await page.getByText("Sending…").waitFor({ state: "detached" });
    await open(page, "x".repeat(201));
    await page.getByRole("alert").getByText("You cannot join this room").waitFor();
    await looksRight(browser, "refused");
    expect(browser.errors).toEqual([]);
  },
);

test("the dialogs and the search look right", long, async ({ browser, url }) => {
  const room = newRoom();
  const { page } = browser;
  await signIn(page, url, room, `ann of ${room}`);
  await say(page, "hello");
  await sees(page, "hello");
  await inDialog(page, () => page.keyboard.press("Control+k"), "switcher");
  await inDialog(page, () => page.keyboard.press("?"), "keys");
  await inDialog(page, () => accountMenu(page, "Settings"), "settings");
  await inDialog(page, () => page.getByRole("button", { name: "Join a room" }).click(), "join");
  await inDialog(page, () => messages(page).getByRole("button", { name: /^ann/ }).click(), "card");
  await page.keyboard.press("Control+Shift+f");
  await page.getByRole("searchbox").waitFor();
  await looksRight(browser, "search-empty");

  async function inDialog(shown: Page, act: () => Promise<void>, name: string): Promise<void> {
    await field(shown).blur();
    await act();
    await shown.getByRole("dialog").waitFor();
    await looksRight(browser, name);
    await shown.keyboard.press("Escape");
    await shown.getByRole("dialog").waitFor({ state: "detached" });
  }
});

async function accountMenu(page: Page, item: string): Promise<void> {
  await page.getByRole("button", { name: "Your account" }).click();
  await page.getByRole("menuitem", { name: item }).click();
}
