/** Users with a token in the browser tests: the node gets the token in place of the name. */
import { createHmac } from "node:crypto";
import type { Page } from "playwright-core";

const key = "the key of the browser tests, which is long enough";

/** The settings of a node that accepts these tokens, and guests in all rooms. */
export const tokenSettings = {
  HUBBUB_AUTH: "both",
  HUBBUB_TOKEN_KEY: key,
  HUBBUB_GUEST_READ: "*",
  HUBBUB_GUEST_WRITE: "*",
};

export function tokenOf(user: string): string {
  const claims = { sub: user, name: user, exp: Math.floor(Date.now() / 1_000) + 3_600 };
  const body = [{ alg: "HS256", typ: "JWT" }, claims].map(encoded).join(".");
  return `${body}.${createHmac("sha256", key).update(body).digest("base64url")}`;
}

function encoded(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}

/** Have all connections of a page present the token of this user. */
export async function presentToken(page: Page, user: string): Promise<void> {
  await page.routeWebSocket(/\/ws$/, (browser) => {
    const server = browser.connectToServer();
    browser.onMessage((text) => {
      const { name: _, session: __, ...frame } = JSON.parse(`${text}`);
      const hello = frame.type === "hello";
      server.send(hello ? JSON.stringify({ ...frame, token: tokenOf(user) }) : text);
    });
  });
}
