/** Nothing that was written is lost: by closing a tab, by changing the name, or without a network. */
import { test } from "./browser.ts";
import { newRoom, say, sees, signIn } from "./users.ts";

test("what a closed tab had not sent is sent by the next one", async ({ browser, url }) => {
  const room = newRoom();
  const { page, context } = browser;
  await signIn(page, url, room, `ann of ${room}`);
  await say(page, "before");
  await sees(page, "before");
  await context.setOffline(true);
  await say(page, "written offline");
  await sees(page, "written offline");
  const next = await context.newPage();
  await page.close();
  await context.setOffline(false);
  await next.goto(`${url}/r/${encodeURIComponent(room)}`);
  await sees(next, "written offline");
  await next.getByText("Sending…").waitFor({ state: "detached" });
  await next.reload();
  await sees(next, "written offline");
});

test("what was not sent is sent under the next name", async ({ browser, url }) => {
  const room = newRoom();
  const { page, context } = browser;
  await signIn(page, url, room, `ann of ${room}`);
  await context.setOffline(true);
  await say(page, "from one of my names");
  await context.setOffline(false);
  await page.getByRole("button", { name: "Your account" }).click();
  await page.getByRole("menuitem", { name: "Change name" }).click();
  await page.getByLabel("Your name").fill(`eve of ${room}`);
  await page.getByRole("button", { name: "Join" }).click();
  await sees(page, "from one of my names");
});

test("signing in without a network says why it takes long, and continues when it is back", async ({
  browser,
  url,
}) => {
  const room = newRoom();
  const { page, context } = browser;
  await page.goto(`${url}/r/${encodeURIComponent(room)}`);
  await page.getByLabel("Your name").fill(`ann of ${room}`);
  await context.setOffline(true);
  await page.getByRole("button", { name: "Join" }).click();
  await page.getByText("You are offline.").waitFor();
  await page.getByRole("button", { name: "Cancel" }).waitFor();
  await browser.screenshot("name-offline");
  await context.setOffline(false);
  await page.getByRole("heading", { name: room, level: 1 }).waitFor();
});
