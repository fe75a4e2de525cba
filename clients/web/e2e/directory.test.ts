/** The dialog in which a user finds rooms, and joins one. */
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { looksRight } from "./appearance.ts";
import { archivedTest } from "./archived.ts";
import { newRoom, SdkUser, say, sees, signIn } from "./users.ts";

function listed(page: Page, room: string) {
  return page.getByRole("region", { name: "Rooms of this server" }).getByRole("button", {
    name: room,
  });
}

archivedTest(
  "the directory lists rooms with their members and last activity, and leads into one",
  async ({ browser, archived }) => {
    const base = newRoom();
    const { page } = browser;
    const bob = new SdkUser(archived.url, `${base} gardening`, "bob");
    const cat = new SdkUser(archived.url, `${base} gardening`, "cat");
    const eve = new SdkUser(archived.url, `${base} games`, "eve");
    await bob.say("tomatoes");
    await cat.say("peas");
    await eve.say("chess?");
    await signIn(page, archived.url, `${base} home`, "ann");
    await say(page, "hello");
    await sees(page, "hello");
    eve.leave();

    await page.getByRole("button", { name: "Join a room" }).click();
    const gardening = listed(page, `${base} gardening`);
    await gardening.getByText("2 members").waitFor();
    await gardening.getByText("active now").waitFor();
    await listed(page, `${base} games`).getByText("0 members").waitFor();
    await listed(page, `${base} home`).getByText("Joined").waitFor();
    await looksRight(browser, "directory");
    const cut = (box: Element) => box.scrollWidth - box.clientWidth;
    await page.setViewportSize({ width: 320, height: 568 });
    expect(await page.getByRole("dialog").evaluate(cut)).toBe(0);

    const field = page.getByRole("textbox", { name: "Join another room" });
    await field.fill(`${base} g`);
    await page.getByText("2 rooms", { exact: true }).waitFor();
    await field.fill(`${base} x`);
    await page.getByText("No room’s name begins like this.").waitFor();
    await field.fill(`${base} gar`);
    await page.getByText("1 room", { exact: true }).waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: `${base} gardening`, level: 1 }).waitFor();
    await sees(page, "peas");
    for (const talker of [bob, cat]) talker.leave();
  },
);
