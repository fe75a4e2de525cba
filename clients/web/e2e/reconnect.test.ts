import { expect } from "vitest";
import { test } from "./browser.ts";
import { hears, messages, newRoom, say, sitDown, Talker } from "./people.ts";

test("without a network one writes on; what was written and what was missed is there once", async ({
  browser,
  url,
}) => {
  const room = newRoom();
  const { page, context } = browser;
  const bob = new Talker(url, room, `bob of ${room}`);
  await sitDown(page, url, room, `ann of ${room}`);
  await say(page, "before");
  await hears(page, "before");

  await context.setOffline(true);
  await say(page, "written offline");
  await bob.say("missed by ann");
  await page.getByText("You are offline.").waitFor();
  await browser.screenshot("offline");
  await context.setOffline(false);

  await hears(page, "missed by ann");
  await page.getByText("You are offline.").waitFor({ state: "detached" });
  await bob.say("after");
  await hears(page, "after");
  expect(await said(page)).toEqual(["before", "missed by ann", "written offline", "after"]);
  bob.leave();
});

test("a node that is killed and started again gets each message once", async ({
  browser,
  node,
}) => {
  const room = newRoom();
  const { page } = browser;
  await sitDown(page, node.url, room, "ann");
  await say(page, "to the first node");
  await hears(page, "to the first node");

  await node.kill();
  await say(page, "one");
  await say(page, "two");
  await page.getByText(/Reconnecting/).waitFor();
  await browser.screenshot("reconnecting");
  await page.setViewportSize({ width: 900, height: 700 });
  await page.getByRole("button", { name: "1 here" }).click();
  await browser.screenshot("reconnecting-narrow");
  await node.start();

  const bob = new Talker(node.url, room, "bob");
  await bob.say("welcome back");
  await page.getByText(/Reconnecting/).waitFor({ state: "detached" });
  await hears(page, "welcome back");
  await expect.poll(() => page.getByText("Sending…").count()).toBe(0);
  // A memory broker forgets with its process, which one is told; what was not acknowledged is what counts.
  await page.getByText("Some messages are lost").waitFor();
  await page.getByText("Nothing older is kept.").waitFor();
  expect(await page.getByText("This is where it begins.").count()).toBe(0);
  const texts = await said(page);
  expect(texts.filter((text) => text === "one" || text === "two")).toEqual(["one", "two"]);
  bob.leave();
});

test("what was not sent yet survives a reload", async ({ browser, node }) => {
  const { page } = browser;
  await sitDown(page, node.url, "lobby", "ann");
  await page.getByText("Here now 1").waitFor();
  let cut = true;
  await page.routeWebSocket(/\/ws$/, (socket) => {
    if (cut) void socket.close({ code: 1012 });
    else socket.connectToServer();
  });
  await page.reload();
  await say(page, "held back");
  cut = false;
  await page.reload();
  await hears(page, "held back");
  await expect.poll(() => page.getByText("Sending…").count()).toBe(0);
  expect(await said(page)).toEqual(["held back"]);
});

async function said(page: Parameters<typeof say>[0]): Promise<string[]> {
  return messages(page).locator("li p[dir]").allTextContents();
}
