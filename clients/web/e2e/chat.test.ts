import { expect } from "vitest";
import { test } from "./browser.ts";
import { messages, newRoom, openWindow, SdkUser, say, sees, signIn } from "./users.ts";

test("the page loads without errors", async ({ browser, url }) => {
  await browser.page.goto(url);
  await browser.page.getByRole("heading", { name: "hubbub" }).waitFor();
  await browser.page.getByLabel("Your name").waitFor();
  expect(browser.errors).toEqual([]);
});

test("two windows and a program chat in one room, and see the members", async ({
  browser,
  url,
}) => {
  const room = newRoom();
  const { page: ann } = browser;
  const bob = await openWindow(browser.context);
  await signIn(ann, url, room, `ann of ${room}`);
  await signIn(bob, url, room, `bob of ${room}`);
  const carl = new SdkUser(url, room, `carl of ${room}`);

  await say(ann, "hello from ann");
  await sees(bob, "hello from ann");
  await say(bob, "hello from bob");
  await sees(ann, "hello from bob");
  await carl.say("hello from carl");
  for (const page of [ann, bob]) {
    await sees(page, "hello from carl");
    const members = page.getByLabel("Members", { exact: true });
    for (const name of ["ann", "bob", "carl"])
      await members.getByText(`${name} of ${room}`).waitFor();
    await members.getByText("Members 3").waitFor();
  }
  carl.leave();
  await ann.getByText("Members 2").waitFor();
  expect(browser.errors).toEqual([]);
});

test("a reload shows the history, and does not ask for a name", async ({ browser, url }) => {
  const room = newRoom();
  const { page } = browser;
  await signIn(page, url, room, `ann of ${room}`);
  await say(page, "remember this");
  await sees(page, "remember this");
  await page.reload();
  await sees(page, "remember this");
  expect(await messages(page).getByText("remember this").count()).toBe(1);
});

test("a second tab is the same user", async ({ browser, url }) => {
  const room = newRoom();
  const { page } = browser;
  await signIn(page, url, room, `ann of ${room}`);
  await seesEmptyRoom(page);
  const tab = await browser.context.newPage();
  await tab.goto(`${url}/r/${encodeURIComponent(room)}`);
  await say(tab, "from the other tab");
  await sees(page, "from the other tab");
  await page.getByText("Members 1").waitFor();
});

test("for a name in use the page offers a free one", async ({ browser, url }) => {
  const room = newRoom();
  const talker = new SdkUser(url, room, `ann of ${room}`);
  await talker.say("I was first");
  const { page } = browser;
  await page.goto(url);
  await page.getByLabel("Your name").fill(`ann of ${room}`);
  await page.getByRole("button", { name: "Join" }).click();
  await page.getByRole("alert").getByText("is in use").waitFor();
  expect(await page.getByLabel("Your name").inputValue()).not.toBe(`ann of ${room}`);
  await page.getByRole("button", { name: "Join" }).click();
  await page.getByRole("heading", { name: "lobby", level: 1 }).waitFor();
  talker.leave();
});

async function seesEmptyRoom(page: Parameters<typeof say>[0]): Promise<void> {
  await messages(page).getByText("No messages yet.").waitFor();
}
