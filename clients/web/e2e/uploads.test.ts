/** Files on their way: dropped, cancelled, given back, and removed with their message. */
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { add, it, namesOf, ready, sendButton } from "./uploading.ts";
import { field, messages, newRoom, SdkUser, say, sees, signIn } from "./users.ts";

const outboxBound = 200;

const place = "52.5163 N, 13.3777 E";
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

it("a photo is sent upright, as large as a screen, and without its place", async ({
  browser,
  files,
}) => {
  const { page } = browser;
  await signIn(page, files.url, newRoom(), "ann");
  const photo = { name: "harbour.jpg", mimeType: "image/jpeg", buffer: await lyingPhoto(page) };
  expect(photo.buffer.includes(place)).toBe(true);
  await add(page, [photo]);
  await ready(page);
  await sendButton(page).click();
  const image = messages(page).locator("img");
  const sides = () =>
    image.evaluate((shown: HTMLImageElement) => [shown.naturalWidth, shown.naturalHeight]);
  await expect.poll(sides).toEqual([1024, 2048]);
  const sent = await page.request.get((await image.getAttribute("src")) ?? "");
  expect(sent.headers()["content-type"]).toBe("image/jpeg");
  expect((await sent.body()).includes("Exif")).toBe(false);
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

/** Return a JPEG of 3000 x 1500 pixels that says it was taken on its side, and where. */
async function lyingPhoto(page: Page): Promise<Buffer> {
  const url = await page.evaluate(() => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [3000, 1500];
    canvas.getContext("2d")?.fillRect(0, 0, 2000, 1000);
    return canvas.toDataURL("image/jpeg", 0.3);
  });
  const plain = Buffer.from(url.replace(/^.*,/, ""), "base64");
  // One entry: the orientation (0x0112) is 6. Then the text.
  const tiff = Buffer.from("49492a00080000000100120103000100000006000000000000000000", "hex");
  const exif = Buffer.concat([Buffer.from("Exif\0\0"), tiff, Buffer.from(place)]);
  const start = Buffer.from([0xff, 0xd8, 0xff, 0xe1, 0, exif.length + 2]);
  return Buffer.concat([start, exif, plain.subarray(2)]);
}

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
