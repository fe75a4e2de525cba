/** Search in the page: filters, results, and the way to a message. */
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { archivedTest } from "./archived.ts";
import { test } from "./browser.ts";
import { messages, newRoom, open, SdkUser, sees, signIn } from "./users.ts";

const panel = (page: Page) => page.getByRole("complementary", { name: "Search" });
const box = (page: Page) => page.getByRole("searchbox");

/** Search until the archive has the messages: some seconds after they are stored (SR1). */
async function searchFor(page: Page, words: string, status: string): Promise<void> {
  await expect
    .poll(
      async () => {
        await box(page).fill(words);
        await page.keyboard.press("Enter");
        return panel(page)
          .getByText(status, { exact: true })
          .waitFor({ timeout: 1_500 })
          .then(
            () => true,
            () => false,
          );
      },
      { timeout: 20_000 },
    )
    .toBe(true);
}

archivedTest(
  "a search finds words and filters, shows them highlighted, and leads to the message",
  async ({ browser, archived }) => {
    const room = newRoom();
    const { page } = browser;
    const bob = new SdkUser(archived.url, room, `bob of ${room}`);
    const cat = new SdkUser(archived.url, room, `cat of ${room}`);
    await bob.say("The Café opens: <b>see</b> https://example.org/menu");
    await cat.say("which cafe?");
    await bob.say(...Array.from({ length: 130 }, (_, at) => `line ${at}`));
    await signIn(page, archived.url, room, `ann of ${room}`);
    await sees(page, "line 129");
    await page.keyboard.press("Control+Shift+f");
    await searchFor(page, "CAFE", "2 found");
    await panel(page).locator("mark", { hasText: "Café" }).waitFor();
    expect(await panel(page).locator("b").count()).toBe(0);
    await browser.screenshot("search");
    await searchFor(page, `cafe from:"cat of ${room}"`, "1 found");
    await searchFor(page, "cafe has:link after:2026-01-01", "1 found");
    await searchFor(page, "cafe before:2026-01-01", "Nothing was found.");
    await searchFor(page, "from:ann", "Nothing was found.");
    await searchFor(page, "cafe in:nowhere", "You have not joined this room.");
    await searchFor(page, "line", "20+ found");
    await panel(page).getByRole("button", { name: "Show more" }).click();
    await panel(page).getByText("40+ found").waitFor();
    await searchFor(page, "menu", "1 found");
    await panel(page).getByRole("button", { name: /menu/ }).click();
    await page.locator("[data-highlighted=true]").getByText("opens").waitFor();
    expect(page.url()).toMatch(/\/r\/[^/]+\/\d+$/);
    await messages(page).evaluate((list) => list.scrollTo(0, list.scrollHeight));
    await panel(page).getByRole("button", { name: /menu/ }).click();
    await page.locator("[data-highlighted=true]").getByText("opens").waitFor();
    await page.keyboard.press("Escape");
    await panel(page).waitFor({ state: "detached" });
    expect(browser.errors).toEqual([]);
    bob.leave();
    cat.leave();
  },
);

archivedTest(
  "a search in another joined room opens it, and covers a phone until then",
  async ({ browser, archived }) => {
    const [room, other] = [newRoom(), newRoom()];
    const { page } = browser;
    const bob = new SdkUser(archived.url, other, `bob of ${room}`);
    await bob.say("a needle there");
    await signIn(page, archived.url, room, `ann of ${room}`);
    await open(page, other);
    await sees(page, "a needle there");
    await open(page, room);
    await page.setViewportSize({ width: 360, height: 640 });
    await page.getByRole("button", { name: "Search messages" }).click();
    const dialog = page.getByRole("dialog", { name: "Search" });
    await expect
      .poll(
        async () => {
          await box(page).fill(`needle in:"${other}"`);
          await page.keyboard.press("Enter");
          return dialog
            .getByText("1 found")
            .waitFor({ timeout: 1_500 })
            .then(
              () => true,
              () => false,
            );
        },
        { timeout: 20_000 },
      )
      .toBe(true);
    await browser.screenshot("search-phone");
    await dialog.getByRole("button", { name: /needle/ }).click();
    await page.getByRole("heading", { name: other, level: 1 }).waitFor();
    await dialog.waitFor({ state: "detached" });
    await page.locator("[data-highlighted=true]").getByText("a needle there").waitFor();
    bob.leave();
  },
);

test("a search without an archive says so, and a part that can't be loaded too", async ({
  browser,
  url,
}) => {
  const room = newRoom();
  const { page } = browser;
  // The service worker would load it, and the page loads some parts when it is at rest.
  await page.route(/\/sw\.js$/, (route) => route.abort());
  await page.route("**/parts/*", (route) => route.abort());
  await signIn(page, url, room, `ann of ${room}`);
  await page.getByRole("button", { name: "Search messages" }).click();
  await page.getByText("This part of the page could not be loaded.").waitFor();
  await page.unroute("**/parts/*");
  await page.getByRole("button", { name: "Search messages" }).click();
  await box(page).fill("words");
  await panel(page).getByText("This server keeps no archive, so it can’t search.").waitFor();
  await box(page).fill("");
  await panel(page).getByText("All words are found").waitFor();
});
