/** The topic of a room: in the header, in the directory, and as a line among the messages. */
import { expect } from "vitest";
import { looksRight } from "./appearance.ts";
import { test } from "./browser.ts";
import { Node, unlimited } from "./node.ts";
import { messages, newRoom, say, sees, signIn } from "./users.ts";

const key = "the-API-key-of-the-browser-tests";

/** Set the topic as the operator. */
async function setTopic(node: Node, room: string, text: string): Promise<void> {
  const response = await fetch(`${node.url}/api/moderation`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ action: "topic", room, text, reason: "season" }),
  });
  expect(response.status).toBe(201);
}

test("the topic of a room is in the header, in the directory and among the messages", async ({
  browser,
  onTestFinished,
}) => {
  const node = await Node.start({ ...unlimited, HUBBUB_API_KEY: key });
  onTestFinished(() => node.stop());
  const room = newRoom();
  const { page } = browser;
  const header = page.locator("main > header");
  await signIn(page, node.url, room, "ann");
  await say(page, "hello");
  await sees(page, "hello");

  const topic = `Tomatoes, and what grows beside them. ${"Water them in the morning. ".repeat(7)}`;
  await setTopic(node, room, topic);
  await header.getByText(topic.trim()).waitFor();
  await messages(page).getByText("set the topic: Tomatoes").waitFor();
  await looksRight(browser, "topic");
  await page.setViewportSize({ width: 320, height: 568 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
  await page.setViewportSize({ width: 1280, height: 800 });

  await page.getByRole("button", { name: "Join a room" }).click();
  await page.getByRole("dialog").getByText(topic.trim()).waitFor();
  await page.keyboard.press("Escape");
  await page.reload();
  await header.getByText(topic.trim()).waitFor();

  await setTopic(node, room, "");
  await messages(page).getByText("removed the topic.").waitFor();
  await expect.poll(() => header.locator("p").textContent()).toBe("");
});
