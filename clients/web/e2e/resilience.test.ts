import type { JSHandle, Page } from "playwright-core";
import { expect } from "vitest";
import { openBrowser, test } from "./browser.ts";
import { Node, unlimited } from "./node.ts";
import { messages, newRoom, SdkUser, say, sees, signIn } from "./users.ts";

const cookiesBlocked = { profile: { default_content_setting_values: { cookies: 2 } } };

test("bursts of ten users are shown without an error", { timeout: 60_000 }, async ({
  browser,
  onTestFinished,
}) => {
  const node = await Node.start(unlimited);
  onTestFinished(() => node.stop());
  const room = newRoom();
  const { page, errors } = browser;
  await signIn(page, node.url, room, "ann");
  const users = Array.from({ length: 10 }, (_, at) => new SdkUser(node.url, room, `user ${at}`));
  for (let round = 0; round < 5; round += 1)
    await Promise.all(
      users.map((user, at) =>
        user.say(...Array.from({ length: 6 }, (_, more) => `${round} ${at} ${more}`)),
      ),
    );
  await say(page, "the last");
  await sees(page, "the last");
  await expect.poll(() => messages(page).locator("[data-row] > [dir]").count()).toBe(300);
  expect(errors).toEqual([]);
  for (const user of users) user.leave();
});

test("with cookies blocked the page works, and remembers nothing", async ({ browser, url }) => {
  expect(browser.errors).toEqual([]); // skips without Chromium
  const blocked = await openBrowser(cookiesBlocked);
  try {
    const { page, errors } = blocked;
    const room = newRoom();
    await signIn(page, url, room, `ann of ${room}`);
    expect(
      await page.evaluate(() => {
        try {
          return typeof localStorage;
        } catch (error) {
          return (error as Error).name;
        }
      }),
    ).toBe("SecurityError");
    await say(page, "hello");
    await sees(page, "hello");
    expect(errors).toEqual([]);
    await page.reload();
    await page.getByLabel("Your name").waitFor();
  } finally {
    await blocked.close();
  }
});

test("a page that fails to render offers to reload, and works after it", async ({
  browser,
  url,
}) => {
  const room = newRoom();
  const { page } = browser;
  await page.goto(`${url}/health/live`);
  await page.evaluate(() => sessionStorage.setItem("fails", "yes"));
  await page.addInitScript(() => {
    if (sessionStorage.getItem("fails") === null) return;
    sessionStorage.removeItem("fails");
    Object.defineProperty(Intl.DateTimeFormat.prototype, "format", {
      get() {
        throw new Error("broken");
      },
    });
  });
  await signIn(page, url, room, `ann of ${room}`);
  await say(page, "hello");
  await page.getByRole("button", { name: "Reload" }).click();
  await sees(page, "hello");
});

test("a reader far up stays where they are when a long room grows", { timeout: 300_000 }, async ({
  browser,
  onTestFinished,
}) => {
  const node = await Node.start(unlimited);
  onTestFinished(() => node.stop());
  const room = newRoom();
  const { page, errors } = browser;
  await signIn(page, node.url, room, "ann");
  const bob = new SdkUser(node.url, room, "bob");
  await bob.say(...Array.from({ length: 4_998 }, (_, at) => `line ${at}`));
  await sees(page, "line 4997");
  // Older rows come in above the first one; the reader stays there.
  const oldest = await messages(page).locator("[data-row]").first().elementHandle();
  await toTop(page);
  await expect.poll(() => messages(page).evaluate((box) => box.scrollTop)).toBeGreaterThan(0);
  expect(Math.abs(await topOf(oldest))).toBeLessThan(200);
  const sought = messages(page).getByText("line 700", { exact: true });
  while ((await sought.count()) === 0) await toTop(page);
  // The first visible row: older rows may still arrive above it, and rows far below leave the page.
  const row = await messages(page).evaluateHandle((box) => {
    const edge = box.getBoundingClientRect().top;
    const rows = Array.from(box.querySelectorAll("li"));
    return rows.find((each) => each.getBoundingClientRect().bottom > edge) ?? box;
  });
  const before = await topOf(row);
  await bob.say("one", "more", "than", "fits");
  await page.getByRole("button", { name: "4 new" }).waitFor();
  expect(Math.abs((await topOf(row)) - before)).toBeLessThanOrEqual(1);
  expect(errors).toEqual([]);
  bob.leave();
});

function toTop(page: Page): Promise<void> {
  return messages(page).evaluate((box) => box.scrollTo(0, 0));
}

/** The distance of a row from the top of the list, in px. */
function topOf(row: JSHandle<Element | null>): Promise<number> {
  return row.evaluate((element) => {
    const box = element?.parentElement?.parentElement;
    if (!element || !box) throw new Error("the row has left the page");
    return element.getBoundingClientRect().top - box.getBoundingClientRect().top;
  });
}
