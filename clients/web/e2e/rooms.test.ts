import type { Page } from "playwright-core";
import { expect } from "vitest";
import { test } from "./browser.ts";
import { field, messages, newRoom, open, SdkUser, say, sees, signIn } from "./users.ts";

/** The entry of a room in the list. */
function entry(page: Page, room: string) {
  return page.getByRole("navigation", { name: "Rooms" }).getByRole("link", { name: room });
}

/** Wait until the page has noted that the user read a room up to this offset. */
async function hasRead(page: Page, room: string, offset: number): Promise<void> {
  const mark = () => page.evaluate(() => localStorage.getItem("hubbub.marks"));
  await expect
    .poll(async () => JSON.parse((await mark()) ?? "{}")[room]?.offset)
    .toBeGreaterThanOrEqual(offset);
}

test("unread messages and mentions are counted while away, over a reload, and alike in two tabs", async ({
  browser,
  url,
}) => {
  const [here, there] = [newRoom(), newRoom()];
  const { page, context } = browser;
  const ann = `ann of ${here}`;
  const bob = new SdkUser(url, there, `bob of ${here}`);
  await signIn(page, url, there, ann);
  await bob.say("read");
  await sees(page, "read");
  await hasRead(page, there, 1);
  await open(page, here);
  await say(page, "something here");
  await bob.say("one", `@${ann} two`);
  await entry(page, there).getByText("2 new").waitFor();
  expect(await page.title()).toBe(`(2) ${here} · hubbub`);

  await page.goto("about:blank");
  await bob.say("three");
  await page.goto(`${url}/r/${encodeURIComponent(here)}`);
  await entry(page, there).getByText("3 new").waitFor();
  await entry(page, there).getByText("1 mention").waitFor();
  const tab = await context.newPage();
  await tab.goto(`${url}/r/${encodeURIComponent(here)}`);
  await entry(tab, there).getByText("3 new").waitFor();

  await tab.bringToFront();
  await entry(tab, there).click();
  await messages(tab).getByText("New", { exact: true }).waitFor();
  await entry(tab, there).getByText("3 new").waitFor({ state: "detached" });
  await entry(page, there).getByText("3 new").waitFor({ state: "detached" });
  // The divider stays while the room is open.
  expect(await messages(tab).getByText("New", { exact: true }).count()).toBe(1);
  bob.leave();
});

test("25 rooms stay joined and in the list, those with the last messages first", async ({
  browser,
  url,
}) => {
  const base = newRoom();
  const { page } = browser;
  await signIn(page, url, `${base} 0`, `ann of ${base}`);
  for (let at = 1; at < 25; at += 1) await open(page, `${base} ${at}`);
  const bob = new SdkUser(url, `${base} 0`, `bob of ${base}`);
  await bob.say("still here?");
  await entry(page, `${base} 0`).first().getByText("1 new").waitFor();
  await page.reload();
  const list = page.getByRole("navigation", { name: "Rooms" }).getByRole("link");
  await expect.poll(() => list.count()).toBe(25);
  await list.first().getByText(`${base} 0`).waitFor();
  bob.leave();
});

test("a room that refuses the user shows the reason, and leaves the list", async ({
  browser,
  url,
}) => {
  const room = newRoom();
  const refused = "x".repeat(201);
  const { page } = browser;
  await signIn(page, url, room, `ann of ${room}`);
  await open(page, refused);
  await page.getByRole("alert").getByText("You cannot join this room").waitFor();
  await browser.screenshot("refused");
  await page.getByRole("button", { name: "Go back" }).click();
  await page.getByRole("heading", { name: room, level: 1 }).waitFor();
  await entry(page, refused).waitFor({ state: "detached" });
});

test("drafts and the scroll position of each room survive a reload", async ({ browser, url }) => {
  const [room, other] = [newRoom(), newRoom()];
  const { page } = browser;
  const bob = new SdkUser(url, room, `bob of ${room}`);
  await bob.say(...Array.from({ length: 90 }, (_, at) => `line ${at}`));
  await signIn(page, url, room, `ann of ${room}`);
  await sees(page, "line 89");
  const line = messages(page).getByText("line 20", { exact: true });
  while (!(await line.isVisible())) await messages(page).evaluate((box) => box.scrollTo(0, 0));
  await line.evaluate((element) => element.scrollIntoView({ block: "start" }));
  await field(page).fill("not finished");
  const top = () => line.evaluate((element) => Math.round(element.getBoundingClientRect().top));
  const before = await top();
  await expect
    .poll(() => page.evaluate(() => localStorage.getItem("hubbub.places")))
    .toContain(room);

  await open(page, other);
  await entry(page, room).getByText("Draft").waitFor();
  await page.reload();
  await entry(page, room).click();
  await line.waitFor();
  await expect.poll(top).toBe(before);
  expect(await field(page).inputValue()).toBe("not finished");
  bob.leave();
});

test("a link to a message loads history, shows it, and marks it", async ({ browser, url }) => {
  const room = newRoom();
  const { page } = browser;
  const bob = new SdkUser(url, room, `bob of ${room}`);
  await bob.say(...Array.from({ length: 130 }, (_, at) => `line ${at}`));
  await page.goto(`${url}/r/${encodeURIComponent(room)}/6`);
  await page.getByText(`You are invited to #${room}.`).waitFor();
  await page.getByLabel("Your name").fill(`ann of ${room}`);
  await page.getByRole("button", { name: "Join" }).click();
  const row = page.locator("[data-highlighted=true]");
  await row.getByText("line 5", { exact: true }).waitFor();
  const box = await row.boundingBox();
  expect(box?.y).toBeGreaterThan(100);
  expect(box?.y).toBeLessThan(500);
  await page.goto(`${url}/r/${encodeURIComponent(room)}/999`);
  await page.getByText("This message is no longer kept.").waitFor();
  bob.leave();
});

test("rooms are reached by keys: the switcher, the next unread room, and the list", async ({
  browser,
  url,
}) => {
  const room = newRoom();
  const { page } = browser;
  const heading = (name: string) => page.getByRole("heading", { name, level: 1 }).waitFor();
  await signIn(page, url, `${room} alpha`, `ann of ${room}`);
  await open(page, `${room} beta`);
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").fill("alpha");
  await page.keyboard.press("Enter");
  await heading(`${room} alpha`);

  const bob = new SdkUser(url, `${room} beta`, `bob of ${room}`);
  await bob.say("news");
  await entry(page, `${room} beta`).getByText("1 new").waitFor();
  await page.keyboard.press("Alt+Shift+ArrowDown");
  await heading(`${room} beta`);
  await page.keyboard.press("Alt+ArrowDown");
  await heading(`${room} alpha`);
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").fill(`${room} new one`);
  await page.keyboard.press("Enter");
  await heading(`${room} new one`);
  bob.leave();
});

test("a favourite is above the other rooms, and a room that was left comes back by undo", async ({
  browser,
  url,
}) => {
  const room = newRoom();
  const { page } = browser;
  await signIn(page, url, `${room} alpha`, `ann of ${room}`);
  await open(page, `${room} beta`);
  await page.getByRole("button", { name: "Room menu" }).click();
  await page.getByRole("menuitem", { name: "Add to favourites" }).click();
  await page.getByRole("region", { name: "Favourites" }).getByText(`${room} beta`).waitFor();
  await page.getByRole("button", { name: "Room menu" }).click();
  await page.getByRole("menuitem", { name: "Leave room" }).click();
  await page.getByRole("heading", { name: `${room} alpha`, level: 1 }).waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByRole("region", { name: "Favourites" }).getByText(`${room} beta`).waitFor();
});
