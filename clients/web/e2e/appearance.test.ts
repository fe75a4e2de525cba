/** The page in light and dark, on a desktop and on a phone: screenshots, and the checks of axe. */
import { expect } from "vitest";
import { looksRight, overflow, violationsOf } from "./appearance.ts";
import { test } from "./browser.ts";
import { newRoom, SdkUser, say, sees, signIn } from "./users.ts";

const phone = { width: 390, height: 844 };
const laptop = { width: 900, height: 700 };
const tablet = { width: 768, height: 1024 };
const narrow = { width: 320, height: 568 };

test("the name form passes the checks of axe", async ({ browser, url }) => {
  const { page } = browser;
  await page.goto(url);
  await page.getByLabel("Your name").fill("ann");
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await browser.screenshot(`name-${colorScheme}`);
    expect(await violationsOf(page)).toEqual([]);
  }
});

test("the chat passes the checks of axe, light and dark, wide and narrow", async ({
  browser,
  url,
}) => {
  const room = newRoom();
  const { page } = browser;
  const bob = new SdkUser(url, room, "bob");
  const eve = new SdkUser(url, room, "Żółw");
  await bob.say(
    "Morning! The notes are at https://example.org/notes (draft).",
    "Who can read them?",
  );
  await eve.say("I do, after coffee ☕");
  await signIn(page, url, room, `ann of ${room}`);
  await say(page, "Me too.");
  await sees(page, "Me too.");
  await eve.say("onewordthatisverylong".repeat(9), "مرحبا بالجميع", "see you");
  await sees(page, "see you");
  bob.typing();
  await page.getByText("bob is typing…").waitFor();
  await looksRight(browser, "chat");
  await page.setViewportSize(narrow);
  await page.getByRole("button", { name: "Rooms" }).click();
  await browser.screenshot("chat-rooms-dark");
  expect(await violationsOf(page)).toEqual([]);
  for (const talker of [bob, eve]) talker.leave();
});

test("the member list never covers the composer permanently", async ({ browser, url }) => {
  const room = newRoom();
  const { page } = browser;
  await signIn(page, url, room, `ann of ${room}`);
  await say(page, "Is anybody here?");
  await sees(page, "Is anybody here?");
  const members = page.getByLabel("Members", { exact: true });
  const send = page.getByRole("button", { name: "Send" });
  for (const [name, size] of Object.entries({ laptop, tablet, phone, narrow })) {
    await page.setViewportSize(size);
    await page.getByRole("button", { name: "1 member" }).click();
    await members.waitFor();
    await browser.screenshot(`members-${name}`);
    expect(await overflow(page)).toBe(0);
    expect(await violationsOf(page)).toEqual([]);
    if (size.width < 704) await page.keyboard.press("Escape");
    await page.getByRole("textbox", { name: /^Message to/ }).fill("x".repeat(4_001));
    await browser.screenshot(`too-long-${name}`);
    await page.getByRole("textbox", { name: /^Message to/ }).fill(`from the ${name}`);
    await send.click();
    await sees(page, `from the ${name}`);
    await page.keyboard.press("Escape");
    await members.waitFor({ state: "hidden" });
  }
});

test("the page is mirrored for a language that is written from right to left", async ({
  browser,
  url,
}) => {
  const room = newRoom();
  const { page } = browser;
  const bob = new SdkUser(url, room, `bob of ${room}`);
  await bob.say("مرحبا بالجميع", "Good morning", "> quoted\n- a list\n```js\nlet x\n```");
  await signIn(page, url, room, `ann of ${room}`);
  await page.evaluate(() => {
    document.documentElement.dir = "rtl";
  });
  await say(page, "@bob שלום");
  await sees(page, "@bob שלום");
  await page.getByLabel("Members", { exact: true }).getByText(`bob of ${room}`).waitFor();
  const order = [
    page.getByRole("navigation"),
    page.getByRole("textbox", { name: /^Message to/ }),
    page.getByLabel("Members", { exact: true }),
  ];
  const edges = await Promise.all(order.map(async (part) => (await part.first().boundingBox())?.x));
  expect(edges).toEqual(edges.toSorted((a, b) => (b ?? 0) - (a ?? 0)));
  const covered = await page
    .locator("[data-leads=true] button:has(> :first-child + :last-child)")
    .evaluateAll((authors) =>
      authors.map((author) => {
        const [avatar, name] = [...author.children].map((part) => part.getBoundingClientRect());
        return (avatar?.left ?? 0) < (name?.right ?? 0);
      }),
    );
  expect(covered).toEqual([false, false]);
  await looksRight(browser, "mirrored");
  bob.leave();
});
