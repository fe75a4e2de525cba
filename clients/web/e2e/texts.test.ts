/** What a text of a message looks like, also a hostile one. */
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { violationsOf } from "./appearance.ts";
import { test } from "./browser.ts";
import { field, messages, newRoom, SdkUser, say, sees, signIn } from "./users.ts";

test("marks are shown, and nothing is taken for HTML", async ({ browser, url }) => {
  const room = newRoom();
  const { page, errors } = browser;
  await signIn(page, url, room, `ann of ${room}`);
  await say(page, "**bold** and `code` and <img src=x onerror=alert(1)>");
  const list = messages(page);
  expect(await list.locator("strong").textContent()).toBe("bold");
  expect(await list.locator("code").textContent()).toBe("code");
  await list.getByText("<img src=x onerror=alert(1)>").waitFor();
  expect(await list.locator("img").count()).toBe(0);
  await say(page, "```\n<b>not bold</b>\n```");
  await list.locator("pre").getByText("<b>not bold</b>").waitFor();
  expect(errors).toEqual([]);
});

test("code gets its colours without a movement of the rows", async ({ browser, url }) => {
  const room = newRoom();
  const { page, errors } = browser;
  const load = await holdColours(page);
  await signIn(page, url, room, `ann of ${room}`);
  const eve = new SdkUser(url, room, `eve of ${room}`);
  await eve.say(
    '```python\n@cached\ndef add(x):  # the sum\n    return f"{x}" + 1\n```',
    "```diff\n-old\n+new\n```",
    "```klingon\ndef nuqneH\n```",
    "below the code",
  );
  await sees(page, "below the code");
  const before = await placesOfRows(page);
  expect(await coloursOfCode(page)).toBe(1);
  load();
  const list = messages(page);
  await list.locator("pre span", { hasText: /^return$/ }).waitFor();
  expect(await placesOfRows(page)).toEqual(before);
  expect(await list.locator("pre", { hasText: "nuqneH" }).locator("span").count()).toBe(0);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await coloursOfCode(page)).toBe(6);
    expect(await violationsOf(page)).toEqual([]);
    await browser.screenshot(`code-${colorScheme}`);
  }
  await page.emulateMedia({ forcedColors: "active" });
  expect(await coloursOfCode(page)).toBe(1);
  expect(errors).toEqual([]);
  eve.leave();
});

/** Withhold the script of the colours until the returned function is called. */
async function holdColours(page: Page): Promise<() => void> {
  let load = () => {};
  const held = new Promise<void>((resolve) => {
    load = resolve;
  });
  await page.route(/parts\/Code-/, async (route) => {
    await held;
    await route.continue();
  });
  return load;
}

function placesOfRows(page: Page): Promise<number[]> {
  const rows = messages(page).locator("[data-row]");
  return rows.evaluateAll((all) => all.map((row) => row.getBoundingClientRect().y));
}

/** How many colours the first code block has. */
function coloursOfCode(page: Page): Promise<number> {
  const texts = messages(page).locator("pre").first().locator("span, code");
  return texts.evaluateAll((all) => new Set(all.map((one) => getComputedStyle(one).color)).size);
}

test("links show where they lead, and hostile letters stay in their message", async ({
  browser,
  url,
}) => {
  const room = newRoom();
  const { page } = browser;
  const eve = new SdkUser(url, room, `eve of ${room}`);
  await signIn(page, url, room, `ann of ${room}`);
  await eve.say(
    "https://аррӏе.com",
    "https://bank.example@evil.example/",
    "\u202ereversed",
    `Z${"\u0301\u0323".repeat(300)}algo`,
    "an innocent line",
  );
  await sees(page, "an innocent line");
  const links = messages(page).getByRole("link");
  expect(await links.allTextContents()).toEqual([
    "https://xn--80ak6aa92e.com/",
    "https://evil.example/",
  ]);
  expect(await messages(page).textContent()).not.toContain("\u202e");
  const zalgo = messages(page).locator("[data-row]", { hasText: "algo" });
  expect((await zalgo.boundingBox())?.height).toBeLessThan(40);
  expect(await zalgo.locator("[dir]").evaluate((text) => getComputedStyle(text).overflowY)).toBe(
    "clip",
  );
  await browser.screenshot("hostile");
  eve.leave();
});

test("lines have at most 75 characters in a wide window", async ({ browser, url }) => {
  const room = newRoom();
  const { page } = browser;
  await page.setViewportSize({ width: 2_000, height: 900 });
  await signIn(page, url, room, `ann of ${room}`);
  await say(page, "word ".repeat(200));
  const text = messages(page).locator("[data-row] > [dir]");
  const width = await text.evaluate((element) => element.getBoundingClientRect().width);
  const ch = await text.evaluate((element) => {
    const probe = element.appendChild(document.createElement("span"));
    probe.style.cssText = "display:block;inline-size:75ch";
    return probe.getBoundingClientRect().width;
  });
  expect(width).toBeLessThanOrEqual(ch + 1);
});

test("names and emoji are completed, and a mention is highlighted for the one it names", async ({
  browser,
  url,
}) => {
  const room = newRoom();
  const { page } = browser;
  const bob = new SdkUser(url, room, `Bob of ${room}`);
  await signIn(page, url, room, `ann of ${room}`);
  await page.getByLabel("Members", { exact: true }).getByText(`Bob of ${room}`).waitFor();
  await field(page).pressSequentially("hi @bo");
  await page.getByRole("option", { name: `Bob of ${room}` }).waitFor();
  await page.keyboard.press("Tab");
  await expect.poll(() => field(page).inputValue()).toBe(`hi @Bob of ${room} `);
  await page.keyboard.type(":tada");
  await page.getByRole("option", { name: ":tada:" }).waitFor();
  await page.keyboard.press("Enter");
  await expect.poll(() => field(page).inputValue()).toBe(`hi @Bob of ${room} 🎉 `);
  await page.keyboard.press("Enter");
  await messages(page).getByText(`@Bob of ${room}`).waitFor();
  expect(await page.locator("[data-mentions=true]").count()).toBe(0);
  await bob.say(`@ann of ${room} look`);
  await page.locator("[data-mentions=true]").getByText("look").waitFor();
  bob.leave();
});

test("an emoji is chosen by the keyboard alone", async ({ browser, url }) => {
  const room = newRoom();
  const { page } = browser;
  await signIn(page, url, room, `ann of ${room}`);
  await field(page).fill("good ");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  // What is typed before the picker is there reaches no field.
  await page.getByLabel("Search emoji").waitFor();
  await page.keyboard.type("rocket");
  await page.getByRole("button", { name: "rocket" }).waitFor();
  await page.keyboard.press("Enter");
  await expect.poll(() => field(page).inputValue()).toBe("good 🚀");
  expect(await field(page).evaluate((one) => one === document.activeElement)).toBe(true);
  // The arrow keys follow the direction of the page.
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByLabel("Search emoji").waitFor();
  await page.keyboard.press("ArrowDown");
  const focused = () => page.evaluate(() => document.activeElement?.getBoundingClientRect().x ?? 0);
  const first = await focused();
  await page.keyboard.press("ArrowRight");
  expect(await focused()).toBeGreaterThan(first);
  await page.evaluate(() => {
    document.documentElement.dir = "rtl";
  });
  const mirrored = await focused();
  await page.keyboard.press("ArrowLeft");
  expect(await focused()).toBeLessThan(mirrored);
});
