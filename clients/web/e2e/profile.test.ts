/** The card of a user: who it is, and what can be done. */
import { expect } from "vitest";
import { archivedTest } from "./archived.ts";
import { field, messages, newRoom, SdkUser, sees, signIn } from "./users.ts";

archivedTest(
  "a name leads to a card, which mentions the user and finds the user's messages",
  async ({ browser, archived }) => {
    const room = newRoom();
    const { page } = browser;
    const bob = new SdkUser(archived.url, room, "bob");
    await bob.say("hello there");
    await signIn(page, archived.url, room, "ann");
    await sees(page, "hello there");
    await field(page).fill("hi ");
    await messages(page).getByRole("button", { name: "bob" }).click();
    const card = page.getByRole("dialog", { name: "Profile" });
    await card.getByText("Guest", { exact: true }).waitFor();
    await card.getByText(/^ID /).waitFor();
    await browser.screenshot("profile");
    await card.getByRole("button", { name: "Mention" }).click();
    await expect.poll(() => field(page).inputValue()).toBe("hi @bob ");

    await page.getByRole("complementary", { name: "Members" }).getByText("bob").click();
    await card.getByRole("button", { name: "Show messages" }).click();
    const search = page.getByRole("complementary", { name: "Search" });
    await expect.poll(() => search.getByRole("searchbox").inputValue()).toBe("from:bob");
    expect(browser.errors).toEqual([]);
    bob.leave();
  },
);
