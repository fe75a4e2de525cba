/** The read marks of a user with a token: they are on the server, and alike in all browsers. */
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { archivedTest } from "./archived.ts";
import { presentToken } from "./tokens.ts";
import { messages, newRoom, open, openWindow, SdkUser, sees, signIn } from "./users.ts";

function entry(page: Page, room: string) {
  return page.getByRole("navigation", { name: "Rooms" }).getByRole("link", { name: room });
}

const newLine = (page: Page) => messages(page).getByText("New", { exact: true });

archivedTest(
  "what a user with a token read in one browser is read in another, and the divider has the number of the list",
  async ({ browser, archived }) => {
    const [room, away] = [newRoom(), newRoom()];
    const { page } = browser;
    const bob = new SdkUser(archived.url, room, `bob of ${room}`);
    await bob.say("read");
    await presentToken(page, `ann of ${room}`);
    await signIn(page, archived.url, room, "any");
    await sees(page, "read");
    await open(page, away);
    // More than a page of history: the browser has not loaded the message of the mark.
    await bob.say(...Array.from({ length: 70 }, (_, at) => `line ${at}`));
    await entry(page, room).getByText("70 new").waitFor();

    const other = await openWindow(browser.context);
    await presentToken(other, `ann of ${room}`);
    await signIn(other, archived.url, away, "any");
    // The rooms of the user come from the server.
    await entry(other, room).getByText("70 new").waitFor();
    await entry(other, room).click();
    await other.getByRole("button", { name: /^70 new since/ }).waitFor();
    await entry(other, room).getByText("70 new").waitFor({ state: "detached" });
    await entry(page, room).getByText("70 new").waitFor({ state: "detached" });
    await other.getByRole("button", { name: /^70 new since/ }).click();
    await newLine(other).waitFor();
    expect(await newLine(other).count()).toBe(1);
    await other.close();

    await bob.say("later");
    await entry(page, room).getByText("1 new").waitFor();
    await page.evaluate(() => localStorage.removeItem("hubbub.marks"));
    await page.reload();
    await entry(page, room).getByText("1 new").waitFor();
    bob.leave();
  },
);
