/**
 * The service worker: it keeps the page for a start without a network, and shows what is pushed.
 *
 * The network comes first, so a page is never older than its node. The parts of the script have a hash in their names:
 * they are kept until the page changes.
 */
const name = "hubbub";
const scope = self.registration.scope;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const path = new URL(request.url).href.slice(scope.length);
  if (request.method !== "GET" || !request.url.startsWith(scope)) return;
  if (request.mode === "navigate" && /^(r\/|\?|$)/.test(path)) event.respondWith(page(request));
  else if (/^parts\//.test(path)) event.respondWith(part(request));
  else if (/^(emoji|texts-\w+)\.json$/.test(path)) event.respondWith(fresh(request, request.url));
});

/** All addresses of rooms show one page. */
async function page(request) {
  const cache = await caches.open(name);
  const before = await cache.match(scope);
  const response = await fresh(request, scope);
  const [was, is] = [before, response].map((one) => one?.headers.get("etag"));
  if (before !== undefined && was !== is) await dropParts(cache);
  return response;
}

/** Ask the network, and keep the answer; without a network, or while the node is away, use what was kept. */
async function fresh(request, key) {
  const cache = await caches.open(name);
  const response = await fetch(request).catch(() => null);
  if (response?.ok) await cache.put(key, response.clone());
  if (response !== null && response.status < 500) return response;
  return (await cache.match(key)) ?? response ?? Response.error();
}

async function part(request) {
  const cache = await caches.open(name);
  return (await cache.match(request)) ?? fresh(request, request.url);
}

async function dropParts(cache) {
  for (const { url } of await cache.keys())
    if (url.slice(scope.length).startsWith("parts/")) await cache.delete(url);
}

self.addEventListener("push", (event) => event.waitUntil(notify(event.data)));
self.addEventListener("notificationclick", (event) => event.waitUntil(open(event.notification)));
self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renew(event)));

/** Show a message that was pushed, unless the user looks at the page. One per room: a later one replaces it. */
async function notify(data) {
  const { room, user, text, offset, at } = data.json();
  const tabs = await windows();
  if (tabs.some(({ visibilityState }) => visibilityState === "visible")) return;
  const tag = `hubbub ${room}`;
  const [before] = await self.registration.getNotifications({ tag });
  // A tab in the background may have shown it already, and pushes may overtake each other.
  if (before?.data?.offset >= offset) return;
  await self.registration.showNotification(`${user} · #${room}`, {
    body: text,
    tag,
    renotify: true,
    icon: `${scope}icon-192.png`,
    timestamp: at,
    data: { room, offset },
  });
}

/** Show the message in a tab of the page, or in a new one. */
async function open(notification) {
  const { room, offset } = notification.data;
  notification.close();
  const [tab] = await windows();
  if (tab === undefined)
    return self.clients.openWindow(`${scope}r/${encodeURIComponent(room)}/${offset}`);
  tab.postMessage({ room, offset });
  await tab.focus();
}

/** The browser has ended the subscription: make another one. A tab stores it on the server, now or when it is opened. */
async function renew({ oldSubscription, newSubscription }) {
  if (oldSubscription && !newSubscription)
    await self.registration.pushManager.subscribe(oldSubscription.options);
  for (const tab of await windows()) tab.postMessage("push changed");
}

/** The tabs of the page, without frames in other pages. */
async function windows() {
  const all = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  return all.filter(({ url, frameType }) => url.startsWith(scope) && frameType === "top-level");
}
