/** Swipes on a phone. */
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { test } from "./browser.ts";
import { messages, newRoom, SdkUser, sees, signIn } from "./users.ts";

const width = 390;

const phoneTest = test.extend<{ phone: Page }>({
  phone: async ({ browser }, use) => {
    const context = await browser.context
      .browser()
      ?.newContext({ viewport: { width, height: 844 }, hasTouch: true, isMobile: true });
    if (context === undefined) throw new Error("this context belongs to no browser");
    await use(await context.newPage());
    await context.close();
  },
});

phoneTest(
  "a swipe from the edge opens the rooms, and one back closes them",
  async ({ phone, url }) => {
    const room = newRoom();
    await phone.goto(`${url}/health/live`);
    await signIn(phone, url, room, `ann of ${room}`);
    const rooms = phone.getByRole("dialog", { name: "Rooms and account" });
    const finger = await touching(phone);

    await finger([200, 400], [320, 400]);
    await finger([10, 400], [60, 500]);
    expect(await rooms.count()).toBe(0);
    await finger([10, 400], [150, 410]);
    await rooms.waitFor();
    await finger([200, 400], [60, 400]);
    await rooms.waitFor({ state: "detached" });

    await phone.evaluate(() => {
      document.documentElement.dir = "rtl";
    });
    await finger([10, 400], [150, 400]);
    expect(await rooms.count()).toBe(0);
    await finger([width - 10, 400], [width - 150, 400]);
    await rooms.waitFor();
    await finger([width - 200, 400], [width - 60, 400]);
    await rooms.waitFor({ state: "detached" });
    // The browser did not go through its history.
    await phone.getByRole("heading", { name: room, level: 1 }).waitFor();
  },
);

phoneTest(
  "a swipe back closes a thread, but over wide code it scrolls",
  { timeout: 60_000 },
  async ({ phone, url }) => {
    const room = newRoom();
    const bob = new SdkUser(url, room, `bob of ${room}`);
    await bob.say("a question");
    await signIn(phone, url, room, `ann of ${room}`);
    await sees(phone, "a question");
    const { epoch, offset } = position(bob);
    await bob.room.send(`\`\`\`\n${"wide ".repeat(60)}\n\`\`\``, { epoch, offset }).done;
    await messages(phone).getByRole("button", { name: "1 reply" }).click();
    const thread = phone.getByRole("dialog", { name: "Thread" });
    const code = thread.locator("pre");
    const box = await code.boundingBox();
    if (box === null) throw new Error("the code is not in view");
    const finger = await touching(phone);
    const y = box.y + box.height / 2;
    await finger([300, y], [100, y]);
    await expect.poll(() => code.evaluate((pre) => pre.scrollLeft)).toBeGreaterThan(50);
    await finger([100, y], [220, y]);
    await thread.waitFor();
    await finger([100, 500], [250, 500]);
    await thread.waitFor({ state: "detached" });
    bob.leave();
  },
);

type Place = readonly [x: number, y: number];

/** Return the function that moves a finger over the page. */
async function touching(page: Page) {
  const session = await page.context().newCDPSession(page);
  const touch = (type: "touchStart" | "touchMove" | "touchEnd", ...touchPoints: Place[]) =>
    session.send("Input.dispatchTouchEvent", {
      type,
      touchPoints: touchPoints.map(([x, y]) => ({ x, y })),
    });
  return async ([x, y]: Place, [toX, toY]: Place) => {
    await touch("touchStart", [x, y]);
    for (let part = 0.1; part <= 1; part += 0.1)
      await touch("touchMove", [x + (toX - x) * part, y + (toY - y) * part]);
    await touch("touchEnd");
  };
}

function position(user: SdkUser) {
  const row = user.room.snapshot.rows.at(-1);
  if (row?.kind !== "message") throw new Error("there is no message");
  return { epoch: row.epoch, offset: row.message.offset };
}
