/** Threads: the replies to a message, beside the room. */
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { looksRight } from "./appearance.ts";
import { test } from "./browser.ts";
import { messages, newRoom, open, SdkUser, sees, signIn } from "./users.ts";

const panel = (page: Page) => page.locator("#thread");

test("a thread opens beside the room, shows what comes, and takes replies", async ({
  browser,
  url,
}) => {
  const room = newRoom();
  const { page } = browser;
  const bob = new SdkUser(url, room, "bob");
  const cat = new SdkUser(url, room, "cat");
  await bob.say("Where do we meet?", "Something else");
  await expect.poll(() => bob.room.snapshot.rows.length).toBe(2);
  const [root] = bob.room.snapshot.rows;
  if (root?.kind !== "message") throw new Error("the root is no message");
  const at = { epoch: root.epoch, offset: root.message.offset };
  await cat.room.send("At the station.", at).done;
  await signIn(page, url, room, `ann of ${room}`);
  await sees(page, "At the station.");

  await messages(page).getByRole("button", { name: "1 reply" }).click();
  await panel(page).getByText("Where do we meet?").waitFor();
  await panel(page).getByText("At the station.").waitFor();
  expect(await panel(page).getByText("Something else").count()).toBe(0);
  await bob.room.send("Which one?", at).done;
  await panel(page).getByText("Which one?").waitFor();
  await messages(page).getByRole("button", { name: "2 replies" }).waitFor();

  const field = panel(page).getByRole("textbox");
  await field.fill("The old one.");
  await page.keyboard.press("Enter");
  await panel(page).getByText("The old one.").waitFor();
  await messages(page).getByRole("button", { name: "3 replies" }).waitFor();
  await expect.poll(() => lastReplyTo(bob)).toBe(at.offset);
  await looksRight(browser, "thread");

  await answersAnAnswer(page);
  await expect.poll(() => lastReplyTo(bob)).toBe(at.offset + 3);

  await field.fill("unfinished");
  await panel(page).getByRole("button", { name: "Close" }).click();
  await panel(page).waitFor({ state: "detached" });
  await messages(page).getByRole("button", { name: "4 replies" }).click();
  expect(await panel(page).getByRole("textbox").inputValue()).toBe("unfinished");
  await open(page, `${room} other`);
  await panel(page).waitFor({ state: "detached" });
  for (const talker of [bob, cat]) talker.leave();
});

function lastReplyTo(user: SdkUser): number | undefined {
  const last = user.room.snapshot.rows.at(-1);
  return last?.kind === "message" ? last.message.reply_to : undefined;
}

/** Reply to a reply: it is written in the field of the thread. */
async function answersAnAnswer(page: Page): Promise<void> {
  const field = panel(page).getByRole("textbox");
  const replied = panel(page).getByText("Which one?");
  await replied.hover();
  await panel(page).getByRole("button", { name: "Reply", exact: true }).click();
  await panel(page).getByText("Reply to bob").waitFor();
  await expect.poll(() => field.evaluate((box) => box === document.activeElement)).toBe(true);
  await field.fill("The one with the clock.");
  await page.keyboard.press("Enter");
  await panel(page).getByText("The one with the clock.").waitFor();
  expect(await panel(page).getByText("Reply to bob").count()).toBe(0);
  await messages(page).getByRole("button", { name: "4 replies" }).waitFor();
}
