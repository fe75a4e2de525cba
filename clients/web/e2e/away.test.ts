/** Who is away: in the list of members, and on the card of a user. */
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { test } from "./browser.ts";
import { newRoom, openWindow, signIn } from "./users.ts";

/** Hide the page, or show it: a headless browser hides none. */
async function become(page: Page, state: "hidden" | "visible"): Promise<void> {
  await page.evaluate((value) => {
    Object.defineProperty(document, "visibilityState", { value, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, state);
}

test("a user whose tab is hidden is away for others, until it is shown", async ({
  browser,
  url,
}) => {
  const room = newRoom();
  const { page } = browser;
  await signIn(page, url, room, "ann");
  const other = await openWindow(browser.context);
  await signIn(other, url, room, "bob");
  const members = page.getByRole("complementary", { name: "Members" });
  await members.getByRole("button", { name: "bob", exact: true }).waitFor();
  await become(other, "hidden");
  await members.getByRole("button", { name: "bob Away" }).waitFor();
  await browser.screenshot("away");
  await members.getByText("bob").click();
  const card = page.getByRole("dialog", { name: "Profile" });
  await card.getByText("Away").waitFor();
  await become(other, "visible");
  await card.getByText("Away").waitFor({ state: "detached" });
  await page.keyboard.press("Escape");
  await members.getByRole("button", { name: "bob", exact: true }).waitFor();
  expect(browser.errors).toEqual([]);
  await other.context().close();
});
