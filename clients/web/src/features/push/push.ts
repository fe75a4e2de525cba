/** Pushes to this browser: the server sends mentions and replies while the user is not here. */
import type { Client } from "@hubbub/client";
import { recall } from "../../stores/identity.ts";

/** The server takes so many rooms without pushes. */
const mostMuted = 200;

/** Return whether the server and this browser can push. */
export function isOffered(client: Client): boolean {
  return (
    client.features.includes("push") && "PushManager" in window && "serviceWorker" in navigator
  );
}

/** Return the subscription of this browser; null without one. */
export async function subscription(): Promise<PushSubscription | null> {
  const registration = await navigator.serviceWorker?.getRegistration();
  return (await registration?.pushManager?.getSubscription()) ?? null;
}

/** Show a notification as the service worker does, which then does not show the same message again. */
export async function showAsPushed(title: string, options: NotificationOptions): Promise<boolean> {
  if ((await subscription().catch(() => null)) === null) return false;
  const registration = await navigator.serviceWorker.ready;
  await registration.showNotification(title, options);
  return true;
}

/** Subscribe this browser, and store that on the server. Rejects if one of them can't. */
export async function subscribe(name: string, muted: readonly string[]): Promise<void> {
  const { key } = await answer("api/push");
  const { pushManager } = await navigator.serviceWorker.ready;
  await dropOther(pushManager, key);
  await store(
    await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key }),
    name,
    muted,
  );
}

/** A subscription for another key of the server is of no use. */
async function dropOther(manager: PushManager, key: string): Promise<void> {
  const before = await manager.getSubscription();
  const old = before?.options.applicationServerKey ?? null;
  if (before !== null && old !== null && encoded(old) !== key) await before.unsubscribe();
}

/** Store a subscription on the server, again with each visit: there it ends after some time. */
export async function store(
  subscribed: PushSubscription,
  name: string,
  muted: readonly string[],
): Promise<void> {
  const { endpoint } = subscribed;
  const p256dh = encoded(subscribed.getKey("p256dh"));
  const auth = encoded(subscribed.getKey("auth"));
  const body = { endpoint, p256dh, auth, name, muted: muted.slice(0, mostMuted) };
  await answer("api/me/push", "PUT", body, session());
}

/** End the pushes to this browser. `proof` is the session of a user who has signed out. */
export async function unsubscribe(proof = session()): Promise<void> {
  const found = await subscription();
  if (found === null) return;
  // The endpoint is gone then, also if the server is away.
  await found.unsubscribe();
  await answer("api/me/push", "DELETE", { endpoint: found.endpoint }, proof).catch(() => {});
}

/** Return the secret that proves the guest's id, shared by all tabs; null after the sign-out. */
export function session(): string | null {
  try {
    return recall(localStorage)?.session ?? null;
  } catch {
    return null; // no storage
  }
}

async function answer(path: string, method = "GET", body?: object, proof: string | null = null) {
  const headers = proof === null ? {} : { Authorization: `Guest ${proof}` };
  const options = { method, headers, ...(body && { body: JSON.stringify(body) }) };
  const response = await fetch(globalThis.hubbub.at(path), options);
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
  return response.json();
}

function encoded(bytes: ArrayBuffer | null): string {
  const text = String.fromCharCode(...new Uint8Array(bytes ?? new ArrayBuffer(0)));
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
