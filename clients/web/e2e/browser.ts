/** One real browser for a test, with an empty profile: it records errors and takes screenshots. */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { test as base, inject } from "vitest";
import { missing, Node } from "./node.ts";

const executablePath = process.env.HUBBUB_E2E_CHROMIUM ?? "/usr/bin/chromium";
const screenshots = fileURLToPath(new URL("./screenshots/", import.meta.url));

const args = [
  "--headless",
  "--no-sandbox", // Chromium's sandbox cannot start as root, as in most containers
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  // Background requests would make a test depend on the network.
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export interface Browser {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Uncaught errors, console errors (CSP violations included) and failed requests, in order. */
  readonly errors: readonly string[];
  /** Save a screenshot as `screenshots/<name>.png`. */
  screenshot(name: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * A test with the page's URL, a browser, or a node of its own that it may kill:
 * `test("…", async ({ browser, url }) => …)`.
 *
 * If one is missing, the test is skipped with the reason. In CI it fails, because a skip would pass unnoticed
 * there.
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

/**
 * Open an empty profile in a window of 1280 x 800; `page.setViewportSize` changes the size.
 * `preferences` are what the user changed in Chromium's settings.
 */
export async function openBrowser(preferences: object = {}): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), "hubbub-e2e-"));
  await mkdir(join(profile, "Default"));
  await writeFile(join(profile, "Default", "Preferences"), JSON.stringify(preferences));
  const viewport = { width: 1280, height: 800 };
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    args,
    viewport,
  });
  // Below the time of a test, so that the failure names what is missing.
  context.setDefaultTimeout(15_000);
  const page = context.pages()[0] ?? (await context.newPage());

  return {
    context,
    page,
    errors: recordErrors(page),
    async screenshot(name) {
      await page.screenshot({ path: join(screenshots, `${name}.png`) });
    },
    async close() {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}

function recordErrors(page: Page): readonly string[] {
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(`uncaught: ${error.message}`));
  page.on("console", (line) => {
    if (line.type() === "error") errors.push(`console: ${line.text()}`);
  });
  page.on("requestfailed", (request) => {
    // A page that is left or reloaded aborts its requests.
    if (request.failure()?.errorText !== "net::ERR_ABORTED") {
      errors.push(`request failed: ${request.url()}`);
    }
  });
  return errors;
}

function cannotRun(skip: (note: string) => never, reason: string): never {
  if (process.env.CI) throw new Error(reason);
  return skip(reason);
}
