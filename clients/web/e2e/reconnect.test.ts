import { expect } from "vitest";
import { test } from "./browser.ts";
import { messages, newRoom, SdkUser, say, sees, signIn } from "./users.ts";

test("without a network messages are queued; queued and missed messages arrive once", async ({
  browser,
  url,
}) => {
  const room = newRoom();
  const { page, context } = browser;
  const bob = new SdkUser(url, room, `bob of ${room}`);
  await signIn(page, url, room, `ann of ${room}`);
  await say(page, "before");
  await sees(page, "before");

  await context.setOffline(true);
  await say(page, "written offline");
  await bob.say("missed by ann");
  await page.getByText("You are offline.").waitFor();
  await browser.screenshot("offline");
  await context.setOffline(false);

  await sees(page, "missed by ann");
  await page.getByText("You are offline.").waitFor({ state: "detached" });
  await bob.say("after");
  await sees(page, "after");
  expect(await said(page)).toEqual(["before", "missed by ann", "written offline", "after"]);
  bob.leave();
});

test("a node that is killed and restarted receives each message once", async ({
  browser,
  node,
}) => {
  const room = newRoom();
  const { page } = browser;
  await signIn(page, node.url, room, "ann");
  await say(page, "to the first node");
  await sees(page, "to the first node");

  await node.kill();
  await say(page, "one");
  await say(page, "two");
  await page.getByText(/Reconnecting/).waitFor();
  await browser.screenshot("reconnecting");
  await page.setViewportSize({ width: 900, height: 700 });
  await page.getByRole("button", { name: "1 member" }).click();
  await browser.screenshot("reconnecting-narrow");
  await node.start();

  const bob = new SdkUser(node.url, room, "bob");
  await bob.say("welcome back");
  await page.getByText(/Reconnecting/).waitFor({ state: "detached" });
  await sees(page, "welcome back");
  await expect.poll(() => page.getByText("Sending…").count()).toBe(0);
  // The memory broker loses its history, but not what is on the screen; queued messages must not be lost.
  await messages(page).getByText("The server restarted.").waitFor();
  await sees(page, "to the first node");
  expect(await page.getByText("Some messages are lost").count()).toBe(0);
  await browser.screenshot("restarted");
  await page.getByText("Older messages are not kept.").waitFor();
  expect(await page.getByText("This is the beginning of the room.").count()).toBe(0);
  const texts = await said(page);
  expect(texts.filter((text) => text === "one" || text === "two")).toEqual(["one", "two"]);
  bob.leave();
});

test("queued messages survive a reload", async ({ browser, node }) => {
  const { page } = browser;
  await signIn(page, node.url, "lobby", "ann");
  await page.getByText("Members 1").waitFor();
  let cut = true;
  await page.routeWebSocket(/\/ws$/, (socket) => {
    if (cut) void socket.close({ code: 1012 });
    else socket.connectToServer();
  });
  await page.reload();
  await say(page, "held back");
  cut = false;
  await page.reload();
  await sees(page, "held back");
  await expect.poll(() => page.getByText("Sending…").count()).toBe(0);
  expect(await said(page)).toEqual(["held back"]);
});

async function said(page: Parameters<typeof say>[0]): Promise<string[]> {
  return messages(page).locator("[data-row] > [dir]").allTextContents();
}
