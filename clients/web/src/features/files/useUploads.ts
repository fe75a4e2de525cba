/** The files that the user adds to the next message. */
import type { Client, File as MessageFile, Room } from "@hubbub/client";
import { useEffect, useRef, useState } from "react";
import { prepared } from "./pictures.ts";
import { UploadFailed, upload } from "./upload.ts";

/** Files of one message (FL2). */
export const mostFiles = 4;

export interface Picked {
  readonly id: number;
  readonly name: string;
  readonly size: number;
  /** From 0 to 1. */
  readonly share: number;
  readonly done?: MessageFile;
  /** Why it was not uploaded. */
  readonly code?: string;
  stop(): void;
}

/**
 * Return them, and the functions that add some or remove one. `onReady` receives the uploaded ones, or null. If `files`
 * is something else, then the message was sent or given back, and those are its files now.
 */
export function useUploads(
  client: Client,
  room: Room,
  files: readonly MessageFile[] | null,
  onReady: (files: readonly MessageFile[] | null) => void,
) {
  const [picked, setPicked] = useState<readonly Picked[]>([]);
  const count = useRef(0);
  useReports(picked, files, setPicked, onReady);
  const change = (id: number, news: Partial<Picked>) =>
    setPicked((all) => all.map((one) => (one.id === id ? { ...one, ...news } : one)));
  const start = (file: File): Picked => {
    count.current += 1;
    const id = count.current;
    const stop = new AbortController();
    const fresh = { id, name: file.name, size: file.size, share: 0, stop: () => stop.abort() };
    const send = async () => {
      const ready = await prepared(file);
      change(id, { name: ready.name, size: ready.size });
      if (ready.size > (client.limits?.file ?? 0)) throw new UploadFailed("too_long");
      return upload(room, ready, (share) => change(id, { share }), stop.signal);
    };
    send().then(
      (done) => change(id, { done, share: 1 }),
      (error) => change(id, { code: error instanceof UploadFailed ? error.code : "lost" }),
    );
    return fresh;
  };
  return {
    picked,
    add: (more: readonly File[]) => {
      const taken = more.slice(0, mostFiles - picked.length).map(start);
      setPicked([...picked, ...taken]);
      return taken.length === more.length;
    },
    remove: (gone: Picked) => {
      gone.stop();
      setPicked(picked.filter((one) => one !== gone));
    },
  };
}

/** Return a file that is uploaded already: no other one has a negative id. */
function uploaded(done: MessageFile, at: number): Picked {
  return { id: -1 - at, name: done.name, size: done.size, share: 1, done, stop: () => {} };
}

/** Report the uploaded files; restart with others if they are not those. */
function useReports(
  picked: readonly Picked[],
  files: readonly MessageFile[] | null,
  restart: (picked: readonly Picked[]) => void,
  onReady: (files: readonly MessageFile[] | null) => void,
): void {
  const latest = useRef({ picked, onReady });
  const reported = useRef(files);
  // Before the next effect, which reports what this one starts with.
  useEffect(() => {
    if (files === reported.current) return;
    reported.current = files;
    restart((files ?? []).map(uploaded));
  }, [files, restart]);
  useEffect(() => {
    latest.current = { picked, onReady };
    const sound = picked.filter(({ code }) => code === undefined);
    const done = sound.flatMap((one) => one.done ?? []);
    reported.current = done.length < sound.length ? null : done;
    onReady(reported.current);
  }, [picked, onReady]);
  useEffect(
    () => () => {
      for (const one of latest.current.picked) one.stop();
      latest.current.onReady([]);
    },
    [],
  );
}
