/** Files on their way: dropped, cancelled, given back, and removed with their message. */
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { add, it, namesOf, ready, sendButton } from "./uploading.ts";
import { field, messages, newRoom, SdkUser, say, sees, signIn } from "./users.ts";

const outboxBound = 200;

const letter = (size: number) => ({
  name: "letter.txt",
  mimeType: "text/plain",
  buffer: Buffer.alloc(size, "a"),
});

it("files are dropped on the room, which shows where", async ({ browser, files }) => {
  const room = newRoom();
  const { page } = browser;
  const bob = new SdkUser(files.url, room, "bob");
  await signIn(page, files.url, room, "ann");
  await page.locator("input[type=file]").waitFor({ state: "attached" });
  const hint = page.getByText("Drop files here to attach them");
  await drag(page, "dragover");
  await hint.waitFor();
  await drag(page, "dragleave");
  await hint.waitFor({ state: "detached" });
  await drag(page, "dragover");
  await drag(page, "drop");
  await hint.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Remove dropped.txt" }).waitFor();
  await ready(page);
  await page.keyboard.press("Enter");
  await expect.poll(() => namesOf(bob)).toEqual(["dropped.txt"]);
  bob.leave();
});

it("an upload shows how far it is, and can be cancelled", async ({ browser, files }) => {
  const room = newRoom();
  const { page, context } = browser;
  const bob = new SdkUser(files.url, room, "bob");
  await signIn(page, files.url, room, "ann");
  const slow = await context.newCDPSession(page);
  const uploads = (uploadThroughput: number) =>
    slow.send("Network.emulateNetworkConditions", {
      offline: false,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput,
    });
  await uploads(8_000);
  await add(page, [letter(40_000)]);
  const bar = page.getByRole("progressbar", { name: "Uploading letter.txt" });
  const share = () => bar.evaluate((shown: HTMLProgressElement) => shown.value);
  await expect.poll(share).toBeGreaterThan(0);
  expect(await share()).toBeLessThan(1);
  expect(await sendButton(page).isEnabled()).toBe(false);
  const ended = page.waitForEvent("requestfailed");
  await page.getByRole("button", { name: "Remove letter.txt" }).click();
  expect((await ended).url()).toContain("/api/files/");
  await bar.waitFor({ state: "detached" });
  await uploads(-1);
  await say(page, "without it");
  await expect.poll(() => namesOf(bob)).toEqual(undefined);
  await sees(page, "without it");
  bob.leave();
});

it("a message that can't be queued gives its files back", async ({ browser, files }) => {
  const room = newRoom();
  const { page } = browser;
  const bob = new SdkUser(files.url, room, "bob");
  const release = await holdSends(page);
  await signIn(page, files.url, room, "ann");
  await say(page, "1");
  await fillOutbox(page);
  await add(page, [letter(40)]);
  await ready(page);
  await say(page, "with a letter");
  await page.getByRole("button", { name: "Remove letter.txt" }).waitFor();
  expect(await field(page).inputValue()).toBe("with a letter");
  expect(await messages(page).getByText("with a letter").count()).toBe(0);
  release();
  await sees(page, `${outboxBound}`);
  await expect.poll(() => page.getByText("Sending…").count(), { timeout: 30_000 }).toBe(0);
  await sendButton(page).click();
  await expect.poll(() => namesOf(bob)).toEqual(["letter.txt"]);
  bob.leave();
});

it("a deleted message takes its file away", async ({ browser, files }) => {
  const { page } = browser;
  await signIn(page, files.url, newRoom(), "ann");
  await add(page, [letter(40)]);
  await ready(page);
  await sendButton(page).click();
  const link = messages(page).getByRole("link", { name: /letter/ });
  const address = (await link.getAttribute("href")) ?? "";
  const status = async () => (await page.request.get(address)).status();
  expect(await status()).toBe(200);
  await link.hover();
  await page.getByRole("button", { name: "Delete" }).click();
  await link.waitFor({ state: "detached" });
  await expect.poll(status, { timeout: 20_000 }).toBe(404);
});

/** Let a drag of one file reach the messages, as the browser does. */
async function drag(page: Page, type: string): Promise<void> {
  await messages(page).evaluate((place, kind) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(["dropped"], "dropped.txt", { type: "text/plain" }));
    const event = new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true });
    place.dispatchEvent(event);
  }, type);
}

/** Keep messages from the server until the returned function ends the connection. */
async function holdSends(page: Page): Promise<() => void> {
  let held = true;
  let end = () => {};
  await page.routeWebSocket(/\/ws$/, (socket) => {
    const server = socket.connectToServer();
    end = () => void socket.close({ code: 1012 });
    socket.onMessage((frame) => {
      if (!held || !frame.includes('"type":"send"')) server.send(frame);
    });
  });
  return () => {
    held = false;
    end();
  };
}

/** Fill the stored outbox behind its one message, and reload. */
async function fillOutbox(page: Page): Promise<void> {
  await page.evaluate((bound) => {
    const name = Object.keys(localStorage).find((key) => key.includes(".hubbub.outbox.")) ?? "";
    const [first] = JSON.parse(localStorage.getItem(name) ?? "");
    const all = Array.from({ length: bound }, (_, at) => ({
      ...first,
      key: `${first.key}${at}`,
      text: `${at + 1}`,
    }));
    window.addEventListener("pagehide", () => localStorage.setItem(name, JSON.stringify(all)));
  }, outboxBound);
  await page.reload();
  await sees(page, `${outboxBound}`);
}
