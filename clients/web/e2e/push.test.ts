/** Pushes: the switch, what the page stores on the server, and what the service worker shows. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserContext, CDPSession, Page } from "playwright-core";
import { expect } from "vitest";
import { test } from "./browser.ts";
import { Node, unlimited } from "./node.ts";
import { newRoom, signIn } from "./users.ts";

const privateKey = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"; // RFC 8291, appendix A
const publicKey =
  "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8";
const endpoint = "https://push.example/of-this-browser";

const pushTest = test.extend<{ pushing: Node }>({
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the names of the fixtures from it
  pushing: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), "hubbub-push-"));
    const node = await Node.start({
      ...unlimited,
      ARCHIVE_URL: `sqlite:///${folder}/archive.db`,
      HUBBUB_PUSH_PRIVATE_KEY: privateKey,
      HUBBUB_PUSH_SUBJECT: "mailto:admin@example.org",
      HUBBUB_PUSH_HOSTS: "push.example",
    });
    await use(node);
    await node.stop();
    await rm(folder, { recursive: true, force: true });
  },
});

/** Chromium's own push service can't be reached: a subscription that is kept in the storage takes its place. */
function fakeSubscription({ url }: { url: string }): void {
  const bytes = (size: number) => {
    // A point of the curve: that of the RFC's receiver.
    const point =
      "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    const text = atob(point.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(text.slice(0, size), (one) => one.charCodeAt(0)).buffer;
  };
  const subscription = {
    endpoint: url,
    options: { applicationServerKey: null },
    getKey: (name: string) => bytes(name === "auth" ? 16 : 65),
    async unsubscribe() {
      localStorage.removeItem("test.push");
      return true;
    },
  };
  Object.assign(PushManager.prototype, {
    async getSubscription() {
      return localStorage.getItem("test.push") === null ? null : subscription;
    },
    async subscribe(options: PushSubscriptionOptionsInit) {
      if (localStorage.getItem("test.refused") !== null) throw new DOMException("no push service");
      localStorage.setItem("test.push", String(options.applicationServerKey));
      return subscription;
    },
  });
}

async function openSettings(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Your account" }).click();
  await page.getByRole("menuitem", { name: "Settings" }).click();
}

/** Record the requests of the page that store or remove a subscription. */
function recordRequests(page: Page): { method: string; body: Record<string, unknown> }[] {
  const requests: { method: string; body: Record<string, unknown> }[] = [];
  page.on("request", (request) => {
    if (request.url().endsWith("/api/me/push"))
      requests.push({ method: request.method(), body: request.postDataJSON() });
  });
  return requests;
}

const pushSwitch = (page: Page) =>
  page.getByRole("button", { name: "Notify me while this page is closed" });

pushTest(
  "pushes are switched on and off, renewed with each visit, and end with the sign-out",
  {
    timeout: 120_000,
  },
  async ({ browser, pushing }) => {
    const { page, context } = browser;
    await context.grantPermissions(["notifications"], { origin: pushing.url });
    await context.addInitScript(fakeSubscription, { url: endpoint });
    const requests = recordRequests(page);
    const room = newRoom();
    await signIn(page, pushing.url, room, "ann");
    await page.evaluate(() => localStorage.setItem("test.refused", "yes"));
    await openSettings(page);
    await pushSwitch(page).click();
    await page.getByText("could not subscribe").waitFor();
    await page.evaluate(() => localStorage.removeItem("test.refused"));
    await pushSwitch(page).click();
    await page.getByText("Mentions and replies are sent to this browser").waitFor();
    await browser.screenshot("push");
    expect(await page.evaluate(() => localStorage.getItem("test.push"))).toBe(publicKey);
    expect(requests).toMatchObject([{ method: "PUT", body: { endpoint, name: "ann", muted: [] } }]);

    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Room menu" }).click();
    const renewed = page.waitForResponse((response) => response.url().endsWith("/api/me/push"));
    await page.getByRole("menuitemradio", { name: "Nothing" }).click();
    expect((await renewed).status()).toBe(200);
    expect(requests.at(-1)?.body).toMatchObject({ muted: [room] });

    const visited = page.waitForResponse((response) => response.url().endsWith("/api/me/push"));
    await page.reload();
    expect((await visited).status()).toBe(200);

    // The browser has ended the subscription, and made another one.
    const changed = page.waitForResponse((response) => response.url().endsWith("/api/me/push"));
    const [worker] = context.serviceWorkers();
    await worker?.evaluate(`dispatchEvent(new ExtendableEvent("pushsubscriptionchange"))`);
    expect((await changed).status()).toBe(200);

    await page.getByRole("button", { name: "Your account" }).click();
    const removed = page.waitForResponse((response) => response.request().method() === "DELETE");
    await page.getByRole("menuitem", { name: "Change name" }).click();
    expect((await removed).status()).toBe(200);
    expect(await page.evaluate(() => localStorage.getItem("test.push"))).toBeNull();
    expect(browser.errors).toEqual([]);
  },
);

test("without a key on the server, the page offers no pushes", async ({ browser, url }) => {
  const { page } = browser;
  await signIn(page, url, newRoom(), newRoom());
  await openSettings(page);
  await page.getByRole("button", { name: "Show notifications" }).waitFor();
  expect(await pushSwitch(page).count()).toBe(0);
});

/** Deliver pushes to the service worker of a page, as the browser does. */
async function deliverer(page: Page, url: string): Promise<(data: object) => Promise<void>> {
  const tools: CDPSession = await page.context().newCDPSession(page);
  const registered = new Promise<string>((resolve) => {
    tools.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => {
      const own = registrations.find(({ scopeURL }) => scopeURL.startsWith(url));
      if (own !== undefined) resolve(own.registrationId);
    });
  });
  await tools.send("ServiceWorker.enable");
  const registrationId = await registered;
  return async (data) => {
    await tools.send("ServiceWorker.deliverPushMessage", {
      origin: url,
      registrationId,
      data: JSON.stringify(data),
    });
  };
}

const shown = (page: Page) =>
  page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    const found = await registration.getNotifications();
    return found.map(({ title, body, tag }) => ({ title, body, tag }));
  });

/** Have the tabs report that the user sees none of them: in a test without a screen all are visible. */
async function hideTabs(context: BrowserContext): Promise<void> {
  const [worker] = context.serviceWorkers();
  await worker?.evaluate(
    `Object.defineProperty(WindowClient.prototype, "visibilityState", { get: () => "hidden" })`,
  );
}

pushTest(
  "the service worker shows what is pushed, unless the user looks at the page",
  {
    timeout: 120_000,
  },
  async ({ browser, pushing }) => {
    const { page, context } = browser;
    await context.grantPermissions(["notifications"], { origin: pushing.url });
    const room = newRoom();
    await signIn(page, pushing.url, room, "ann");
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => {}));
    const deliver = await deliverer(page, pushing.url);
    const push = { room, user: "bob", text: "lunch, @ann?", offset: 7, at: Date.now() };
    await deliver({ ...push, room: "seen", text: "while she looks" });
    await hideTabs(context);
    await deliver(push);
    await deliver({ ...push, room: "other", text: "in another room" });
    await deliver({ ...push, text: "later, @ann", offset: 8 });
    await expect.poll(() => shown(page)).toHaveLength(2);
    await expect
      .poll(async () => (await shown(page)).find(({ tag }) => tag === `hubbub ${room}`))
      .toEqual({ title: `bob · #${room}`, body: "later, @ann", tag: `hubbub ${room}` });

    const [worker] = context.serviceWorkers();
    await worker?.evaluate(`registration.getNotifications({ tag: "hubbub other" }).then(
    ([notification]) => dispatchEvent(new NotificationEvent("notificationclick", { notification })),
  )`);
    await page.getByRole("heading", { name: "other", level: 1 }).waitFor();
    expect(new URL(page.url()).pathname).toBe("/r/other/7");
    await expect.poll(() => shown(page)).toHaveLength(1);
  },
);
