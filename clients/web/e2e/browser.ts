/**
 * One real browser for a test, with an empty profile: it records errors and takes screenshots. It is Chromium, or
 * Firefox in the project of that name.
 */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type BrowserContext,
  chromium,
  firefox,
  type Page,
  type Browser as Running,
} from "playwright-core";
import { test as base, inject } from "vitest";
import { missing, Node } from "./node.ts";

const executablePath = process.env.HUBBUB_E2E_CHROMIUM ?? "/usr/bin/chromium";
const firefoxPath = process.env.HUBBUB_E2E_FIREFOX ?? "/usr/bin/firefox-esr";
const bridge = fileURLToPath(new URL("./firefox/bridge.js", import.meta.url));
const viewport = { width: 1280, height: 800 };
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
export const test = base.extend<{
  url: string;
  node: Node;
  running: Running | null;
  browser: Browser;
}>({
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
  // One Firefox for all tests of a file, each with a profile of its own: it takes seconds to start.
  running: [
    // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the names of the fixtures from it
    async ({}, use) => {
      const running = inFirefox() && existsSync(firefoxPath) ? await startFirefox() : null;
      await use(running);
      await running?.close();
    },
    { scope: "file" },
  ],
  browser: async ({ running, skip }, use) => {
    const [name, path] = inFirefox() ? ["Firefox", firefoxPath] : ["Chromium", executablePath];
    if (!existsSync(path))
      return cannotRun(
        skip,
        `There is no ${name} at ${path}: install it, or set HUBBUB_E2E_${name.toUpperCase()}.`,
      );
    const browser = await (running === null ? openBrowser() : openProfile(running));
    await use(browser);
    await browser.close();
  },
});

/**
 * Open an empty profile of Chromium in a window of 1280 x 800; `page.setViewportSize` changes the size.
 * `preferences` are what the user changed in Chromium's settings.
 */
export async function openBrowser(preferences: object = {}): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), "hubbub-e2e-"));
  await mkdir(join(profile, "Default"));
  await writeFile(join(profile, "Default", "Preferences"), JSON.stringify(preferences));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    args,
    viewport,
  });
  return opened(context, async () => {
    await context.close();
    await rm(profile, { recursive: true, force: true });
  });
}

/** Start Firefox as users have it, by WebDriver BiDi: Playwright's own build can't be installed everywhere. */
function startFirefox(): Promise<Running> {
  return firefox.launch({ channel: "moz-firefox", executablePath: bridge });
}

async function openProfile(running: Running): Promise<Browser> {
  const context = await running.newContext({ viewport });
  return opened(context, () => context.close());
}

/** Whether the tests run in Firefox. */
export function inFirefox(): boolean {
  return inject("browser") === "firefox";
}

async function opened(context: BrowserContext, close: () => Promise<void>): Promise<Browser> {
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
    close,
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
