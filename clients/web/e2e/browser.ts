/** One real browser for a test: opens it clean, listens for trouble, takes pictures, tidies up. */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { test as base, inject } from "vitest";
import { missing, Node } from "./node.ts";

const executablePath = process.env.HUBBUB_E2E_CHROMIUM ?? "/usr/bin/chromium";
const pictures = fileURLToPath(new URL("./screenshots/", import.meta.url));

const args = [
  "--headless",
  "--no-sandbox", // as root, as in most containers, Chromium's own sandbox can't start
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  // A browser that phones home makes a test depend on a network it doesn't need.
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export interface Browser {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Uncaught errors, console errors (a refusal by the CSP is one), failed requests, as they came. */
  readonly trouble: readonly string[];
  /** Save what the page shows now as `screenshots/<name>.png`. */
  screenshot(name: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * A test that is given the page's address, a browser, or a node of its own that it may kill:
 * `test("…", async ({ browser, url }) => …)`.
 *
 * Where either is missing, the test is skipped and says why; in CI it fails instead, because there
 * a skip would be taken for a pass.
 */
export const test = base.extend<{ url: string; node: Node; browser: Browser }>({
  url: async ({ skip }, use) => {
    const page = inject("page");
    return "url" in page ? use(page.url) : cannotRun(skip, page.missing);
  },
  node: async ({ skip }, use) => {
    const reason = missing();
    if (reason !== null) return cannotRun(skip, reason);
    const node = await Node.start();
    await use(node);
    await node.stop();
  },
  browser: async ({ skip }, use) => {
    if (!existsSync(executablePath))
      return cannotRun(
        skip,
        `There is no Chromium at ${executablePath}: install it, or set HUBBUB_E2E_CHROMIUM.`,
      );
    const browser = await openBrowser();
    await use(browser);
    await browser.close();
  },
});

/** Open an empty profile in a window of 1280 x 800; `page.setViewportSize` makes a phone of it. */
export async function openBrowser(): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), "hubbub-e2e-"));
  const viewport = { width: 1280, height: 800 };
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    args,
    viewport,
  });
  const page = context.pages()[0] ?? (await context.newPage());

  return {
    context,
    page,
    trouble: listenForTrouble(page),
    async screenshot(name) {
      await page.screenshot({ path: join(pictures, `${name}.png`) });
    },
    async close() {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}

function listenForTrouble(page: Page): readonly string[] {
  const trouble: string[] = [];
  page.on("pageerror", (error) => trouble.push(`uncaught: ${error.message}`));
  page.on("console", (line) => {
    if (line.type() === "error") trouble.push(`console: ${line.text()}`);
  });
  page.on("requestfailed", (request) => trouble.push(`no answer: ${request.url()}`));
  return trouble;
}

function cannotRun(skip: (note: string) => never, reason: string): never {
  if (process.env.CI) throw new Error(reason);
  return skip(reason);
}
