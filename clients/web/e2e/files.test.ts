/** Files of messages, in the page. */
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { looksRight } from "./appearance.ts";
import { add, it, namesOf, picture, ready, sendButton } from "./uploading.ts";
import { field, messages, newRoom, SdkUser, signIn } from "./users.ts";

const script = { mimeType: "image/svg+xml", buffer: Buffer.from("<svg onload='alert()'/>") };

it("files are uploaded and shown, and what a script could be in is only saved", async ({
  browser,
  files,
}) => {
  const room = newRoom();
  const { page } = browser;
  const bob = new SdkUser(files.url, room, "bob");
  await signIn(page, files.url, room, "ann");
  await add(page, [
    { name: "a b.png", mimeType: "image/png", buffer: await picture(page) },
    { name: "evil.svg", ...script },
    { name: "large.bin", mimeType: "", buffer: Buffer.alloc(50_000) },
  ]);
  await page.getByText("It is too large for this server.").waitFor();
  await page.getByRole("button", { name: "Remove large.bin" }).click();
  await ready(page);
  await sendButton(page).click();

  const image = messages(page).locator("img");
  await image.waitFor();
  await expect
    .poll(() => image.evaluate((shown: HTMLImageElement) => shown.naturalWidth))
    .toBe(640);
  await expect.poll(() => namesOf(bob)).toEqual(["a b.png", "evil.svg"]);
  expect(await page.getByRole("button", { name: "Remove a b.png" }).count()).toBe(0);
  const link = messages(page).getByRole("link", { name: /evil/ });
  const evil = await page.request.get((await link.getAttribute("href")) ?? "");
  expect(evil.headers()["content-type"]).toBe("application/octet-stream");
  expect(evil.headers()["content-disposition"]).toMatch(/^attachment/);
  await page.reload();
  await image.waitFor();
  bob.leave();
});

it("a message with files, and files to send, look right", { timeout: 60_000 }, async ({
  browser,
  files,
}) => {
  const { page } = browser;
  await signIn(page, files.url, newRoom(), "ann");
  await add(page, [
    { name: "harbour.png", mimeType: "image/png", buffer: await picture(page) },
    { name: `minutes of the ${"very ".repeat(12)}long meeting.txt`, ...script },
  ]);
  await ready(page);
  await field(page).fill("The harbour, and what was said:");
  await sendButton(page).click();
  await messages(page).locator("img").waitFor();
  await add(page, [
    { name: "short.txt", ...script },
    { name: "large.bin", mimeType: "", buffer: Buffer.alloc(50_000) },
  ]);
  await ready(page);
  await looksRight(browser, "files");
});

it("a pasted image is sent with a text", async ({ browser, files }) => {
  const room = newRoom();
  const { page } = browser;
  const bob = new SdkUser(files.url, room, "bob");
  await signIn(page, files.url, room, "ann");
  await page.locator("input[type=file]").waitFor({ state: "attached" });
  await field(page).focus();
  await paste(page, [...(await picture(page))]);
  await page.getByRole("button", { name: "Remove image.png" }).waitFor();
  await ready(page);
  await field(page).fill("pasted");
  await page.keyboard.press("Enter");
  await expect.poll(() => namesOf(bob)).toEqual(["image.png"]);
  const image = messages(page).locator("img");
  const address = (await image.getAttribute("src")) ?? "";
  expect((await page.request.get(address)).status()).toBe(200);
  const [row] = bob.room.snapshot.rows;
  expect(row?.kind === "message" && row.message.text).toBe("pasted");
  bob.leave();
});

/** Paste an image into the field that has the focus. */
async function paste(page: Page, bytes: number[]): Promise<void> {
  await page.evaluate((content) => {
    const clipboardData = new DataTransfer();
    const file = new File([new Uint8Array(content)], "image.png", { type: "image/png" });
    clipboardData.items.add(file);
    const event = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
    document.activeElement?.dispatchEvent(event);
  }, bytes);
}
