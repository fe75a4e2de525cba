/** The list of members. */
import { expect } from "vitest";
import { test } from "./browser.ts";
import { Node } from "./node.ts";
import { newRoom, SdkUser, signIn } from "./users.ts";

test("in a large room, users who leave after `Show more` leave the list", {
  timeout: 60_000,
}, async ({ browser, onTestFinished }) => {
  const node = await Node.start({ HUBBUB_PRESENCE_NAMES: "2" });
  onTestFinished(() => node.stop());
  const room = newRoom();
  const { page } = browser;
  const users = ["bob", "carl", "dora", "emil"].map((name) => new SdkUser(node.url, room, name));
  await Promise.all(users.map((user) => user.say("hello")));
  await signIn(page, node.url, room, "ann");
  const members = page.getByLabel("Members", { exact: true });
  const names = () => members.getByRole("listitem").locator("bdi").allTextContents();
  await members.getByText("Members 5").waitFor();
  await expect.poll(names).toHaveLength(2);
  await members.getByRole("button", { name: "Show more" }).click();
  await expect.poll(names).toEqual(["ann", "bob", "carl", "dora", "emil"]);
  users[0]?.leave();
  users[3]?.leave();
  await expect.poll(names, { timeout: 10_000 }).toEqual(["ann", "carl", "dora"]);
  await members.getByText("Members 3").waitFor();
  for (const user of users) user.leave();
});
