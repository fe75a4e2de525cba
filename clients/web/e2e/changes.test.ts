/** Edit, delete, react and reply. */
import type { MessageRow } from "@hubbub/client";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { test } from "./browser.ts";
import { field, messages, newRoom, SdkUser, say, sees, signIn } from "./users.ts";

/** The row with a text. */
function row(page: Page, text: string) {
  return messages(page).locator("[data-row]", { hasText: text });
}

test("the last own message is edited with Up, and others see it", async ({ browser, url }) => {
  const room = newRoom();
  const { page } = browser;
  const bob = new SdkUser(url, room, `bob of ${room}`);
  await signIn(page, url, room, `ann of ${room}`);
  await say(page, "a mistke");
  await sees(page, "a mistke");
  await field(page).press("ArrowUp");
  await page.getByText("Edit message").waitFor();
  await expect.poll(() => field(page).inputValue()).toBe("a mistke");
  await field(page).fill("a mistake");
  await browser.screenshot("edit");
  await page.keyboard.press("Enter");
  await row(page, "a mistake").getByText("(edited)").waitFor();
  await expect.poll(() => textsOf(bob)).toEqual(["a mistake"]);
  await field(page).fill("a draft");
  await page.keyboard.press("Escape");
  expect(await field(page).inputValue()).toBe("a draft");
  bob.leave();
});

test("a deleted message can be brought back for some seconds", async ({ browser, url }) => {
  const room = newRoom();
  const { page } = browser;
  const bob = new SdkUser(url, room, `bob of ${room}`);
  await signIn(page, url, room, `ann of ${room}`);
  await say(page, "stays");
  await say(page, "goes");
  await sees(page, "goes");
  await row(page, "stays").hover();
  await page.getByRole("button", { name: "Delete" }).click();
  await messages(page).getByText("This message was deleted.").waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await sees(page, "stays");
  await page.keyboard.press("F6");
  await page.keyboard.press("Delete");
  await messages(page).getByText("This message was deleted.").waitFor();
  expect(textsOf(bob)).toEqual(["stays", "goes"]);
  await expect.poll(() => textsOf(bob), { timeout: 15_000 }).toEqual(["stays", ""]);
  await page.reload();
  await messages(page).getByText("This message was deleted.").waitFor();
  bob.leave();
});

test("a reaction is added by the dialog, counted, and taken back", async ({ browser, url }) => {
  const room = newRoom();
  const { page } = browser;
  const bob = new SdkUser(url, room, `bob of ${room}`);
  await bob.say("a proposal");
  await signIn(page, url, room, `ann of ${room}`);
  await sees(page, "a proposal");
  await row(page, "a proposal").hover();
  await page.getByRole("button", { name: "React" }).click();
  await page.getByLabel("Search emoji").fill("thumbsup");
  await page.getByRole("button", { name: "thumbsup" }).waitFor();
  await page.keyboard.press("Enter");
  const chip = messages(page).getByRole("button", { name: /👍/ });
  await chip.waitFor();
  expect(await chip.getAttribute("aria-pressed")).toBe("true");
  await bob.room.react(positionOf(bob, "a proposal"), "👍");
  await messages(page).getByRole("button", { name: /^2 👍/ }).waitFor();
  await chip.click();
  await messages(page).getByRole("button", { name: /^1 👍/ }).waitFor();
  expect(await chip.getAttribute("aria-pressed")).toBe("false");
  bob.leave();
});

test("a reply quotes its message, and leads to it", async ({ browser, url }) => {
  const room = newRoom();
  const { page } = browser;
  const bob = new SdkUser(url, room, `bob of ${room}`);
  await bob.say("a question", ...Array.from({ length: 60 }, (_, at) => `line ${at}`));
  await signIn(page, url, room, `ann of ${room}`);
  await sees(page, "line 59");
  await row(page, "line 58").hover();
  await page.getByRole("button", { name: "Reply" }).click();
  await page.getByText(`Reply to bob of ${room}`).waitFor();
  await page.keyboard.type("about line 58");
  await page.keyboard.press("Enter");
  const quote = row(page, "about line 58").getByRole("button", { name: "line 58" });
  await quote.waitFor();
  await bob.room.send("late answer", positionOf(bob, "a question")).done;
  const early = row(page, "late answer").getByRole("button", {
    name: /earlier message|a question/,
  });
  await early.click();
  await page.locator("[data-highlighted=true]").getByText("a question").waitFor();
  bob.leave();
});

function textsOf(user: SdkUser): string[] {
  return rowsOf(user).map(({ message }) => message.text);
}

function positionOf(user: SdkUser, text: string) {
  const found = rowsOf(user).find(({ message }) => message.text === text);
  if (found === undefined) throw new Error(`no message ${text}`);
  return { epoch: found.epoch, offset: found.message.offset };
}

function rowsOf(user: SdkUser): MessageRow[] {
  return user.room.snapshot.rows.filter((one) => one.kind === "message");
}
