import { expect } from "vitest";
import { test } from "./browser.ts";
import { hears, messages, newRoom, otherWindow, say, sitDown, Talker } from "./people.ts";

test("the page opens, names itself, and nothing in it is refused or missing", async ({
  browser,
  url,
}) => {
  await browser.page.goto(url);
  await browser.page.getByRole("heading", { name: "hubbub" }).waitFor();
  await browser.page.getByLabel("Your name").waitFor();
  expect(browser.trouble).toEqual([]);
});

test("two windows and a program chat in one room, and see who is there", async ({
  browser,
  url,
}) => {
  const room = newRoom();
  const { page: ann } = browser;
  const bob = await otherWindow(browser.context);
  await sitDown(ann, url, room, `ann of ${room}`);
  await sitDown(bob, url, room, `bob of ${room}`);
  const carl = new Talker(url, room, `carl of ${room}`);

  await say(ann, "hello from ann");
  await hears(bob, "hello from ann");
  await say(bob, "hello from bob");
  await hears(ann, "hello from bob");
  await carl.say("hello from carl");
  for (const page of [ann, bob]) {
    await hears(page, "hello from carl");
    const members = page.getByRole("complementary", { name: "Members" });
    for (const name of ["ann", "bob", "carl"])
      await members.getByText(`${name} of ${room}`).waitFor();
    await members.getByText("Here now 3").waitFor();
  }
  carl.leave();
  await ann.getByText("Here now 2").waitFor();
  expect(browser.trouble).toEqual([]);
});

test("a reload shows the history, and asks for no name", async ({ browser, url }) => {
  const room = newRoom();
  const { page } = browser;
  await sitDown(page, url, room, `ann of ${room}`);
  await say(page, "remember this");
  await hears(page, "remember this");
  await page.reload();
  await hears(page, "remember this");
  expect(await messages(page).getByText("remember this").count()).toBe(1);
});

test("a second tab is the same person", async ({ browser, url }) => {
  const room = newRoom();
  const { page } = browser;
  await sitDown(page, url, room, `ann of ${room}`);
  await hearsNothingYet(page);
  const tab = await browser.context.newPage();
  await tab.goto(`${url}/#${encodeURIComponent(room)}`);
  await say(tab, "from the other tab");
  await hears(page, "from the other tab");
  await page.getByText("Here now 1").waitFor();
});

test("a name in use comes back with one that is free", async ({ browser, url }) => {
  const room = newRoom();
  const talker = new Talker(url, room, `ann of ${room}`);
  await talker.say("I was first");
  const { page } = browser;
  await page.goto(url);
  await page.getByLabel("Your name").fill(`ann of ${room}`);
  await page.getByRole("button", { name: "Join" }).click();
  await page.getByRole("alert").getByText("is in use here").waitFor();
  expect(await page.getByLabel("Your name").inputValue()).not.toBe(`ann of ${room}`);
  await page.getByRole("button", { name: "Join" }).click();
  await page.getByRole("heading", { name: "lobby" }).waitFor();
  talker.leave();
});

async function hearsNothingYet(page: Parameters<typeof say>[0]): Promise<void> {
  await messages(page).getByText("Nobody has said anything here yet.").waitFor();
}
