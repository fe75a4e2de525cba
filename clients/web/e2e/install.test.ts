/** The page as an installed app: the manifest, starts without a network, and newer versions. */
import { expect } from "vitest";
import { test } from "./browser.ts";
import { field, newRoom, say, signIn } from "./users.ts";

test("the manifest names icons that exist, and the page links to it", async ({ browser, url }) => {
  const { page } = browser;
  await signIn(page, url, newRoom(), newRoom());
  const link = page.locator("link[rel=manifest]");
  await link.waitFor({ state: "attached" });
  const address = await link.getAttribute("href");
  const manifest = await (await fetch(address ?? "")).json();
  expect(manifest).toMatchObject({ name: "hubbub", display: "standalone", start_url: "./" });
  for (const { src } of manifest.icons)
    expect((await fetch(new URL(src, address ?? ""))).headers.get("content-type")).toBe(
      "image/png",
    );
});

test("the page starts while its node is away, and connects when it is back", {
  // It starts a node twice, and loads the page three times.
  timeout: 60_000,
}, async ({ browser, node }) => {
  const { page } = browser;
  const room = newRoom();
  await signIn(page, node.url, room, "ann");
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => {}));
  // Under the service worker's control, the page is kept, and so are its parts.
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await page.reload();
  await field(page).waitFor();
  await page.waitForFunction(async () => {
    const kept = await (await caches.open("hubbub")).keys();
    return kept.some(({ url }) => url.includes("/parts/SearchPanel"));
  });
  await node.kill();
  await page.goto(`${node.url}/r/${encodeURIComponent(room)}`);
  await page.getByRole("heading", { name: room, level: 1 }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Search messages" }).click();
  await page.getByRole("searchbox").waitFor();
  await browser.screenshot("without-node");
  await node.start();
  await say(page, "back again");
  await page.locator("[data-state=there]", { hasText: "back again" }).waitFor();
});

test("a newer page of the node is offered, and loaded only when the user wants it", async ({
  browser,
  url,
}) => {
  const { page } = browser;
  const room = newRoom();
  await page.route(/\/build\.json$/, (route) => route.fulfill({ json: { build: "a newer one" } }));
  await signIn(page, url, room, `ann of ${room}`);
  await page.getByText("A new version is ready.").waitFor();
  await browser.screenshot("new-version");
  await field(page).fill("a draft");
  await page.unroute(/\/build\.json$/);
  await page.getByRole("button", { name: "Reload" }).click();
  await page.getByText("A new version is ready.").waitFor({ state: "detached" });
  await expect.poll(() => field(page).inputValue()).toBe("a draft");
});
