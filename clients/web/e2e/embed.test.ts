/** The page in a frame of another page: the example of the documentation. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect } from "vitest";
import { looksRight } from "./appearance.ts";
import { test } from "./browser.ts";
import { Node, repository } from "./node.ts";
import { newRoom, SdkUser } from "./users.ts";

interface Host {
  readonly origin: string;
  readonly server: Server;
  /** The address of the frame in the page. */
  src: string;
}

/** Serve the example page, with a frame of this address. */
async function serveExample(): Promise<Host> {
  const example = await readFile(join(repository, "docs", "embed.html"), "utf8");
  const server = createServer((_, response) => {
    const page = example.replace(/src="[^"]*"/, () => `src="${host.src.replaceAll("&", "&amp;")}"`);
    response.setHeader("Content-Type", "text/html; charset=utf-8").end(page);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  // Another site than the chat's, as browsers see it.
  const host: Host = { origin: `http://localhost:${port}`, server, src: "" };
  return host;
}

const embedTest = test.extend<{ host: Host; chat: Node }>({
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the names of the fixtures from it
  host: async ({}, use) => {
    const host = await serveExample();
    await use(host);
    host.server.close();
  },
  chat: async ({ host }, use) => {
    const chat = await Node.start({ HUBBUB_EMBED_ORIGINS: host.origin });
    await use(chat);
    await chat.stop();
  },
});

embedTest("a page that may do so shows one room in a frame", async ({ browser, host, chat }) => {
  const room = newRoom();
  const { page } = browser;
  host.src = `${chat.url}/?embed=1&room=${encodeURIComponent(room)}&theme=dark`;
  const bob = new SdkUser(chat.url, room, "bob");
  await bob.say("How can we help?");
  await page.goto(host.origin);
  const frame = page.frameLocator("iframe");
  await frame.getByText(`You are invited to #${room}.`).waitFor();
  await frame.getByLabel("Your name").fill("ann");
  await frame.getByRole("button", { name: "Join" }).click();
  await frame.getByRole("log").getByText("How can we help?").waitFor();
  await frame.getByRole("textbox", { name: `Message to ${room}` }).fill("It works.");
  await page.keyboard.press("Enter");
  await frame.getByRole("log").getByText("It works.").waitFor();
  expect(await frame.getByRole("navigation", { name: "Rooms" }).count()).toBe(0);
  expect(await frame.locator("html").getAttribute("data-theme")).toBe("dark");
  await looksRight(browser, "embed");

  const [whole] = await Promise.all([
    page.waitForEvent("popup"),
    frame.getByRole("link", { name: "Open in a window of its own" }).click(),
  ]);
  expect(new URL(whole.url()).pathname).toBe(`/r/${encodeURIComponent(room)}`);
  expect(new URL(whole.url()).search).toBe("");
  expect(browser.errors).toEqual([]);
  bob.leave();
});

embedTest("another page shows an empty frame", async ({ browser, host, chat }) => {
  const { page } = browser;
  host.src = `${chat.url}/?embed=1&room=lobby`;
  await page.goto(host.origin.replace("localhost", "127.0.0.1"));
  await expect.poll(() => browser.errors.join()).toContain("frame-ancestors");
  expect(await page.frameLocator("iframe").getByLabel("Your name").count()).toBe(0);
});
