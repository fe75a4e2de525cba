import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { Balancer } from "./balancer.ts";
import { test } from "./browser.ts";
import { Node } from "./node.ts";
import { newRoom, say, sees, signIn } from "./users.ts";

/** Make a folder with another build of the page. */
async function otherBuild(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "hubbub-page-"));
  const page = await readFile(new URL("../dist/index.html", import.meta.url), "utf8");
  const other = page
    .replace("<title>", "<title>other ")
    .replace("</script>", "\n//other\n</script>");
  await writeFile(join(folder, "index.html"), other);
  return folder;
}

test("two nodes with different builds behind one balancer serve the page each time", {
  timeout: 90_000,
}, async ({ browser, url, onTestFinished }) => {
  const other = await Node.start({ PAGE_OF_TEST: await otherBuild() });
  onTestFinished(() => other.stop());
  const balancer = await Balancer.start([url, other.url]);
  onTestFinished(() => balancer.stop());
  const { page, errors } = browser;
  const titles: string[] = [];
  for (let load = 0; load < 4; load += 1) {
    await page.goto("about:blank");
    await page.goto(balancer.url);
    titles.push(await page.title());
    await page.getByLabel("Your name").waitFor();
  }
  expect(titles.sort()).toEqual(["hubbub", "hubbub", "other hubbub", "other hubbub"]);
  expect(errors).toEqual([]);
});

test("the page and its websocket work below a path prefix", async ({
  browser,
  url,
  onTestFinished,
}) => {
  const proxy = await Balancer.start([url], "/team/chat");
  onTestFinished(() => proxy.stop());
  const { page, errors } = browser;
  const room = newRoom();
  await signIn(page, proxy.url, room, `ann of ${room}`);
  await say(page, "below a prefix");
  await sees(page, "below a prefix");
  await expect.poll(() => page.getByText("Sending…").count()).toBe(0);
  await page.reload();
  await sees(page, "below a prefix");
  expect(errors).toEqual([]);
});

test("the page is one compressed request", async ({ browser, url }) => {
  const { page } = browser;
  const loads: (string | undefined)[] = [];
  page.on("response", (response) => loads.push(response.headers()["content-encoding"]));
  const response = await page.goto(url);
  await page.getByLabel("Your name").waitFor();
  expect(loads).toEqual([expect.stringMatching(/^(br|gzip)$/)]);
  const sizes = await response?.request().sizes();
  expect(sizes?.responseBodySize).toBeLessThan(100_000);
});
