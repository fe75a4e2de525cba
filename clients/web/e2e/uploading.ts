/** A node with a folder of files, and what a user of the page does with files. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { test } from "./browser.ts";
import { Node } from "./node.ts";
import type { SdkUser } from "./users.ts";

export const it = test.extend<{ files: Node }>({
  // One node for all tests of this file.
  files: [
    // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the names of the fixtures from it
    async ({}, use) => {
      const folder = mkdtempSync(join(tmpdir(), "files-"));
      const url = `file:///${folder}`;
      const node = await Node.start({ HUBBUB_FILES_URL: url, HUBBUB_FILE_BYTES: "40960" });
      await use(node);
      await node.stop();
      rmSync(folder, { recursive: true });
    },
    { scope: "file" },
  ],
});

export const sendButton = (page: Page) => page.getByRole("button", { name: "Send", exact: true });

export interface Added {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

/** Choose files in the dialog of the browser. */
export async function add(page: Page, files: readonly Added[]): Promise<void> {
  await page.locator("input[type=file]").setInputFiles([...files]);
}

/** Wait until all files are uploaded. A photo is drawn before, which takes a slow machine some seconds. */
export async function ready(page: Page): Promise<void> {
  await expect.poll(() => sendButton(page).isEnabled(), { timeout: 15_000 }).toBe(true);
}

/** Return a PNG. */
export async function picture(page: Page): Promise<Buffer> {
  const url = await page.evaluate(() => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [640, 400];
    const context = canvas.getContext("2d");
    if (context === null) throw new Error("this browser has no canvas");
    for (const [at, colour] of ["#8ecae6", "#219ebc", "#023047", "#ffb703"].entries()) {
      context.fillStyle = colour;
      context.fillRect(at * 160, 0, 160, 400);
    }
    return canvas.toDataURL("image/png");
  });
  return Buffer.from(url.replace(/^.*,/, ""), "base64");
}

/** The names of the files of the last message. */
export function namesOf(user: SdkUser): readonly string[] | undefined {
  const last = user.room.snapshot.rows.at(-1);
  return last?.kind === "message" ? last.message.files?.map(({ name }) => name) : undefined;
}
