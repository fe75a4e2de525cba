/** Messages that the server does not accept: the reason, and what the user can do. */
import { expect } from "vitest";
import { openBrowser, test } from "./browser.ts";
import { Node } from "./node.ts";
import { messages, newRoom, open, say, sees, signIn } from "./users.ts";

const refusing = test.extend<{ strict: Node }>({
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the names of the fixtures from it
  strict: async ({}, use) => {
    const node = await Node.start({
      HUBBUB_NEW_ROOMS_PER_HOUR: "1",
      HUBBUB_SENDS_PER_SECOND: "0.2",
      HUBBUB_SENDS_BURST: "2",
    });
    await use(node);
    await node.stop();
  },
});

refusing(
  "a message above a quota fails with the reason, and can be retried and deleted",
  async ({ browser, strict }) => {
    const [room, other] = [newRoom(), newRoom()];
    const { page } = browser;
    await signIn(page, strict.url, room, `ann of ${room}`);
    await say(page, "the first room");
    await sees(page, "the first room");
    await open(page, other);
    await say(page, "the second room");
    const reason = messages(page).getByText("Not sent: you have begun too many rooms.");
    await reason.waitFor();
    expect(await messages(page).getByText("Sending…").count()).toBe(0);
    await browser.screenshot("refused-quota");
    await page.getByRole("button", { name: "Retry" }).click();
    await reason.waitFor();
    await page.getByRole("button", { name: "Delete" }).click();
    await reason.waitFor({ state: "detached" });
  },
);

refusing(
  "a message above the rate limit says that it waits, and is sent, unless it is deleted",
  async ({ strict }) => {
    const browser = await openBrowser();
    const { page } = browser;
    const room = newRoom();
    await signIn(page, strict.url, room, `ann of ${room}`);
    for (const text of ["one", "two", "three", "four"]) await say(page, text);
    const row = messages(page).locator("[data-row]", { hasText: "three" });
    await row.getByText("Not sent yet: you are sending too fast.").waitFor();
    await browser.screenshot("refused-rate");
    await row.getByRole("button", { name: "Delete" }).click();
    await row.waitFor({ state: "detached" });
    await sees(page, "four");
    await messages(page).locator("[data-state=there]", { hasText: "four" }).waitFor();
    await browser.close();
  },
);
