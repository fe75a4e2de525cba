/** The URL of the websocket, from any address of a server. */

const schemes: Readonly<Record<string, string>> = {
  "http:": "ws:",
  "https:": "wss:",
  "ws:": "ws:",
  "wss:": "wss:",
};

/** Return the URL of the websocket: `https://chat.example.org` means `wss://chat.example.org/ws`. */
export function socketUrl(address: string): string {
  const url = new URL(address);
  const scheme = schemes[url.protocol];
  if (scheme === undefined)
    throw new TypeError(
      `Invalid address of a server: ${address}. It starts with https://, http://, wss:// or ws://.`,
    );
  // A browser's URL does not change between http and ws.
  const path = /\/ws\/?$/.test(url.pathname)
    ? url.pathname
    : `${url.pathname.replace(/\/$/, "")}/ws`;
  return `${scheme}//${url.host}${path}${url.search}`;
}
