/** What a text of a message looks like, also a hostile one. */
import { expect } from "vitest";
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
  await page.keyboard.type("rocket");
  await page.getByRole("button", { name: "rocket" }).waitFor();
  await page.keyboard.press("Enter");
  await expect.poll(() => field(page).inputValue()).toBe("good 🚀");
  expect(await field(page).evaluate((one) => one === document.activeElement)).toBe(true);
});
