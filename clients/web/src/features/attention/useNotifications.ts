/** Notify the user of messages while no tab of the page has the user's attention. */
import type { Client, Message } from "@hubbub/client";
import { useEffect, useMemo } from "react";
import { useAttention } from "../../hooks/useAttention.ts";
import { useLatest } from "../../hooks/useLatest.ts";
import { useAllTexts } from "../../i18n/useAllTexts.ts";
import type { NotifyLevel, Preferences } from "../../stores/preferences.ts";
import { type Me, mentionsUser, meOf } from "../markup/mentions.ts";
import { showAsPushed } from "../push/push.ts";

const attended = "hubbub.attention";
const notifying = "hubbub.notifier";
const longestText = 200;

interface Options {
  readonly client: Client;
  readonly names: readonly string[];
  readonly preferences: Preferences;
  onOpen(room: string, offset: number): void;
}

export function useNotifications({ client, names, preferences, onOpen }: Options): void {
  const { notify } = useAllTexts();
  useLock(attended, useAttention(), "shared");
  const isNotifier = useNotifier();
  const onMessage = useLatest((room: string, message: Message) => {
    if (!preferences.notify || permission() !== "granted" || !isNotifier()) return;
    if (client.wrote(message)) return;
    if (!isWanted(preferences.notifyOf[room], message, meOf(client))) return;
    void show(room, message, notify.inRoom(message.user, room), onOpen);
  });
  useEffect(() => {
    const stops = names.map((name) =>
      client.room(name).onMessage((message) => onMessage(name, message)),
    );
    return () => {
      for (const stop of stops) stop();
    };
  }, [client, names, onMessage]);
}

export function isWanted(level: NotifyLevel = "mentions", message: Message, me: Me): boolean {
  if (level === "none") return false;
  return level === "all" || mentionsUser(message, me);
}

export function permission(): NotificationPermission | "unsupported" {
  return typeof Notification === "undefined" ? "unsupported" : Notification.permission;
}

async function show(
  room: string,
  message: Message,
  title: string,
  onOpen: Options["onOpen"],
): Promise<void> {
  if (await isAttended()) return;
  const body = message.text.slice(0, longestText);
  // One per room: a later one replaces it.
  const tag = `hubbub ${room}`;
  if (await showAsPushed(title, { body, tag, data: { room, offset: message.offset } })) return;
  const notification = new Notification(title, { body, tag });
  notification.onclick = () => {
    window.focus();
    onOpen(room, message.offset);
    notification.close();
  };
}

/** Return whether the user looks at this tab or another one of the page. */
async function isAttended(): Promise<boolean> {
  if (document.hasFocus()) return true;
  const { held = [] } = (await navigator.locks?.query().catch(() => null)) ?? {};
  return held.some(({ name }) => name === attended);
}

/** Of all tabs, the one that has the lock notifies. Without locks each does, and the tag joins them into one. */
function useNotifier(): () => boolean {
  const holder = useMemo(() => ({ holds: navigator.locks === undefined }), []);
  useLock(notifying, true, "exclusive", holder);
  return () => holder.holds;
}

/** Hold a lock while a condition is true. */
function useLock(name: string, wanted: boolean, mode: LockMode, holder?: { holds: boolean }): void {
  useEffect(() => {
    if (!wanted || navigator.locks === undefined) return;
    const stop = new AbortController();
    const hold = () => {
      if (holder !== undefined) holder.holds = true;
      return new Promise<void>((resolve) => stop.signal.addEventListener("abort", () => resolve()));
    };
    navigator.locks.request(name, { mode, signal: stop.signal }, hold).catch(() => {});
    return () => {
      if (holder !== undefined) holder.holds = false;
      stop.abort();
    };
  }, [name, wanted, mode, holder]);
}
