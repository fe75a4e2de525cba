import { expect } from "vitest";
import { archivedTest } from "./archived.ts";
import { test } from "./browser.ts";
import { fromEnd, watch, watchFrom } from "./moving.ts";
import { messages, newRoom, SdkUser, sees, signIn } from "./users.ts";

/** Several pages of history, within the rate limit of a test. */
const many = 130;

function lines(count: number, name: string): string[] {
  return Array.from(
    { length: count },
    (_, at) => `${name} ${at}\n${"more ".repeat((at * 7) % 90)}`,
  );
}

test("the end stays visible while pinned, and the visible rows stay in place otherwise", async ({
  browser,
  url,
}) => {
  const room = newRoom();
  const { page } = browser;
  const bob = new SdkUser(url, room, `bob of ${room}`);
  await bob.say(...lines(many, "early"));
  await bob.say("a short one");
  await signIn(page, url, room, `ann of ${room}`);
  await sees(page, "a short one");
  expect(await fromEnd(page)).toBeLessThanOrEqual(1);

  await bob.say(...lines(10, "late"), "appended");
  await sees(page, "appended");
  expect(await fromEnd(page)).toBeLessThanOrEqual(1);

  await page.setViewportSize({ width: 1280, height: 600 });
  expect(await fromEnd(page)).toBeLessThanOrEqual(1);

  await messages(page).hover();
  await page.mouse.wheel(0, -900);
  await page.getByRole("button", { name: "Go to latest" }).waitFor();
  const still = await watch(page, "a short one");
  await bob.say(...lines(10, "later"), "appended below");
  await page.getByRole("button", { name: "11 new" }).waitFor();
  expect(await still()).toBeLessThanOrEqual(1);

  await page.getByRole("button", { name: "11 new" }).click();
  await sees(page, "appended below");
  expect(await fromEnd(page)).toBeLessThanOrEqual(1);
  bob.leave();
});

test("rows that come before the event of a scroll leave the reader where that scroll ended", async ({
  browser,
  url,
}) => {
  const room = newRoom();
  const { page } = browser;
  const bob = new SdkUser(url, room, `bob of ${room}`);
  await bob.say(...lines(30, "early"), "the end");
  await signIn(page, url, room, `ann of ${room}`);
  await sees(page, "the end");
  await messages(page).evaluate((box) => box.scrollTo(0, box.scrollHeight / 2));
  await page.getByRole("button", { name: "Go to latest" }).waitFor();
  const top = await messages(page).evaluate((box) => {
    const hold = (event: Event) => event.stopImmediatePropagation();
    window.addEventListener("scroll", hold, true);
    window.addEventListener("scrolls again", () =>
      window.removeEventListener("scroll", hold, true),
    );
    box.scrollTo(0, box.scrollTop - 200);
    return box.scrollTop;
  });
  await bob.say(...lines(5, "late"));
  await page.getByRole("button", { name: "5 new" }).waitFor();
  const scrollTop = () => messages(page).evaluate((box) => box.scrollTop);
  expect(await scrollTop()).toBe(top);
  // What was held back changes nothing afterwards.
  await page.evaluate(() => window.dispatchEvent(new Event("scrolls again")));
  await bob.say("later");
  await page.getByRole("button", { name: "6 new" }).waitFor();
  expect(await scrollTop()).toBe(top);
  bob.leave();
});

test("the DOM holds a part of a long room, and scrolling adds the rest", async ({
  browser,
  url,
}) => {
  const room = newRoom();
  const { page } = browser;
  const bob = new SdkUser(url, room, `bob of ${room}`);
  await signIn(page, url, room, `ann of ${room}`);
  await bob.say(...lines(350, "line"));
  await bob.say("the last");
  await sees(page, "the last");
  const rows = messages(page).locator("[data-row] > [dir]");
  await expect.poll(() => rows.count()).toBe(300);
  await messages(page).evaluate((box) => box.scrollTo(0, 100));
  await expect.poll(() => rows.count()).toBeGreaterThan(300);
  await page.getByRole("button", { name: "Go to latest" }).click();
  await expect.poll(() => rows.count()).toBe(300);
  bob.leave();
}, 90_000);

archivedTest(
  "a reader of old messages has few of 1,200 new ones in the page, and comes to their end",
  async ({ browser, archived }) => {
    const room = newRoom();
    const { page } = browser;
    const bob = new SdkUser(archived.url, room, `bob of ${room}`);
    await bob.say(...Array.from({ length: 120 }, (_, at) => `old ${at}`));
    await signIn(page, archived.url, room, `ann of ${room}`);
    await sees(page, "old 119");
    await messages(page).evaluate((box) => box.scrollTo(0, box.scrollHeight / 2));
    await page.getByRole("button", { name: "Go to latest" }).waitFor();
    const moved = await watchFrom(page, 300);
    await bob.say(...Array.from({ length: 1_200 }, (_, at) => `new ${at}`));
    await page.getByRole("button", { name: "1200 new" }).waitFor();
    expect(await moved()).toBeLessThan(1);
    const rows = () => messages(page).locator("[data-row]").count();
    expect(await rows()).toBeLessThanOrEqual(600);

    // Down through all of them, without a hole.
    const seen = new Set<string>();
    const last = messages(page).getByText("new 1199", { exact: true });
    while (!(await last.isVisible())) {
      for (const text of await messages(page).locator("[data-row] p").allTextContents())
        seen.add(text);
      await messages(page).evaluate((box) => box.scrollTo(0, box.scrollHeight));
      expect(await rows()).toBeLessThanOrEqual(600);
    }
    for (let at = 0; at < 1_100; at += 1) expect(seen.has(`new ${at}`)).toBe(true);
    await messages(page).evaluate((box) => box.scrollTo(0, box.scrollHeight));
    await page.getByRole("button", { name: "Go to latest" }).waitFor({ state: "detached" });
    await expect.poll(() => fromEnd(page)).toBe(0);

    await messages(page).evaluate((box) => box.scrollTo(0, 0));
    await page.getByRole("button", { name: "Go to latest" }).waitFor();
    await bob.say(...Array.from({ length: 700 }, (_, at) => `later ${at}`));
    await page.getByRole("button", { name: "700 new" }).click();
    await sees(page, "later 699");
    await expect.poll(() => fromEnd(page)).toBe(0);
    bob.leave();
  },
  // It sends 2,000 messages, and scrolls through most of them.
  90_000,
);
