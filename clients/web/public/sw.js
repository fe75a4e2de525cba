/**
 * The service worker: it keeps the page for a start without a network.
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
