/** What is on the screen stays in place, whatever comes above, below, and into the rows. */
import type { MessageRow, Position } from "@hubbub/client";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { test } from "./browser.ts";
import { fromEnd, type Worst, watch, watchEnd, watchFrom, watchWheel } from "./moving.ts";
import { Node, unlimited } from "./node.ts";
import { add, it, picture, ready, sendButton } from "./uploading.ts";
import { field, messages, newRoom, SdkUser, say, signIn, write } from "./users.ts";

/** Rows are parts of a pixel high, and lists scroll by whole ones: what stays moves by less than one. */
const onePixel = 1;

const freely = test.extend<{ open: Node }>({
  // One node without rate limits for all tests of this file.
  open: [
    // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the names of the fixtures from it
    async ({}, use) => {
      const node = await Node.start(unlimited);
      await use(node);
      await node.stop();
    },
    { scope: "file" },
  ],
});

freely(
  "the end stays in view while messages come and grow",
  { timeout: 60_000 },
  async ({ browser, open }) => {
    const { page } = browser;
    const bob = await history(page, open, 40);
    const end = await watchEnd(page);
    await bob.say("one more");
    await shows(page, "one more");
    await bob.say(...lines(19, "more"), "the twentieth");
    await shows(page, "the twentieth");
    await bob.room.edit(at(bob, "the twentieth"), long("grown"));
    await shows(page, "end of grown");
    await bob.room.react(at(bob, "grown"), "👍");
    await shows(page, "👍");
    await write(field(page), "a");
    for (let line = 0; line < 6; line += 1) await page.keyboard.press("Shift+Enter");
    await page.setViewportSize({ width: 1280, height: 600 });
    await say(page, "mine");
    await page.locator("[data-state=there]", { hasText: "mine" }).waitFor();
    expect(await end()).toBeLessThan(onePixel);
    expect(await fromEnd(page)).toBeLessThan(onePixel);
    bob.leave();
  },
);

freely("what is read stays while rows above and below it change", async ({ browser, open }) => {
  const { page } = browser;
  const bob = await history(page, open, 45);
  await messages(page).evaluate((box) => box.scrollTo(0, box.scrollHeight / 2));
  await page.getByRole("button", { name: "Go to latest" }).waitFor();
  const row = await watchFrom(page, 900);
  await bob.say(...lines(20, "below"));
  await page.getByRole("button", { name: "20 new" }).waitFor();
  await bob.room.edit(at(bob, "early 2"), long("grown"));
  await shows(page, "end of grown");
  await bob.room.react(at(bob, "early 3"), "👍");
  await shows(page, "👍");
  await bob.room.delete(at(bob, "early 4"));
  await shows(page, "This message was deleted.");
  await write(field(page), "a");
  for (let line = 0; line < 6; line += 1) await page.keyboard.press("Shift+Enter");
  await page.setViewportSize({ width: 1280, height: 600 });
  expect(await row()).toBeLessThan(onePixel);
  bob.leave();
});

freely(
  "older messages come in above the reader while others write",
  { timeout: 60_000 },
  async ({ browser, open }) => {
    const { page } = browser;
    const bob = await history(page, open, 240);
    const rows = messages(page).locator("[data-row]");
    const beginning = page.getByText("This is the beginning of the room.");
    for (let from = 0; !(await beginning.isVisible()); from = 300 - from) {
      const before = await rows.count();
      const row = await watchFrom(page, from);
      await bob.say(...lines(3, "meanwhile"));
      await expect.poll(() => rows.count()).toBeGreaterThan(before + 3);
      expect(await row(), `from ${from} px, with ${before} rows`).toBeLessThan(onePixel);
    }
    bob.leave();
  },
);

freely(
  "a wheel moves up through older messages without a jump",
  { timeout: 60_000 },
  async ({ browser, open }) => {
    const { page } = browser;
    const bob = await history(page, open, 200);
    await messages(page).hover();
    const jump = await watchWheel(page);
    const first = page.getByText("early 60", { exact: false }).first();
    while ((await first.count()) === 0) await page.mouse.wheel(0, -300);
    expect(await jump()).toBeLessThan(onePixel);
    bob.leave();
  },
);

freely(
  "a flood of 1,200 messages moves neither the end nor a reader",
  { timeout: 60_000 },
  async ({ browser, open }) => {
    const { page, errors } = browser;
    const bob = await history(page, open, 60);
    const end = await watchEnd(page);
    await bob.say(...lines(600, "flood"), "the crest");
    await shows(page, "the crest");
    expect(await end(), "pinned").toBeLessThan(onePixel);
    await messages(page).evaluate((box) => box.scrollBy(0, -1_000));
    await page.getByRole("button", { name: "Go to latest" }).waitFor();
    const row = await watchFrom(page, 2_000);
    await bob.say(...lines(600, "second flood"));
    await page.getByRole("button", { name: "600 new" }).waitFor();
    expect(await row(), "reading").toBeLessThan(onePixel);
    expect(errors).toEqual([]);
    bob.leave();
  },
);

it("an image that loads late moves nothing", { timeout: 60_000 }, async ({ browser, files }) => {
  const { page } = browser;
  const room = newRoom();
  await signIn(page, files.url, room, "ann");
  await add(page, [{ name: "late.png", mimeType: "image/png", buffer: await picture(page) }]);
  await ready(page);
  await sendButton(page).click();
  await say(page, "the last");
  await page.addInitScript(() => {
    HTMLImageElement.prototype.setAttribute = function (name, value) {
      const set = () => Element.prototype.setAttribute.call(this, name, value);
      if (name === "src") window.addEventListener("images arrive", set);
      else set();
    };
  });
  await page.reload();
  await shows(page, "the last");
  const image = messages(page).locator("img");
  await image.waitFor({ state: "attached" });
  const moved: Worst[] = [await watch(page, "the last"), await watchEnd(page)];
  await page.evaluate(() => window.dispatchEvent(new Event("images arrive")));
  await expect
    .poll(() => image.evaluate((shown: HTMLImageElement) => shown.naturalWidth))
    .toBe(640);
  for (const worst of moved) expect(await worst()).toBeLessThan(onePixel);
});

/** A room with a history, in the page and for bob. */
async function history(page: Page, node: Node, count: number): Promise<SdkUser> {
  const room = newRoom();
  const bob = new SdkUser(node.url, room, `bob of ${room}`);
  await bob.say(...lines(count, "early"), "the last");
  await signIn(page, node.url, room, `ann of ${room}`);
  await shows(page, "the last");
  return bob;
}

function lines(count: number, name: string): string[] {
  return Array.from(
    { length: count },
    (_, at) => `${name} ${at}\n${"more ".repeat((at * 7) % 90)}`,
  );
}

function long(text: string): string {
  return `${text}\n${"one more line\n".repeat(10)}end of ${text}`;
}

function shows(page: Page, text: string): Promise<void> {
  return messages(page).getByText(text).first().waitFor();
}

function at(user: SdkUser, text: string): Position {
  const row = user.room.snapshot.rows.find(
    (one): one is MessageRow => one.kind === "message" && one.message.text.startsWith(text),
  );
  if (row === undefined) throw new Error(`There is no message ${text}.`);
  return { epoch: row.epoch, offset: row.message.offset };
}
