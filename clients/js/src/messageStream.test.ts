import { expect, test } from "vitest";
import { messageStream, mostWaiting, type Received, TooSlow } from "./messageStream.ts";

function source() {
  let receive: ((received: Received) => void) | null = null;
  const listen = (listener: typeof receive) => {
    receive = listener;
    return () => {
      receive = null;
    };
  };
  return {
    listen,
    isOpen: () => receive !== null,
    say(offset: number) {
      const message = {
        type: "message",
        room: "r",
        offset,
        prev: 0,
        key: "",
        user: "bob",
      } as const;
      receive?.({ message: { ...message, text: "", at: 0 }, position: { epoch: "e", offset } });
    },
  };
}

test("messages are read in order, also those that came before the first read", async () => {
  const room = source();
  const stream = messageStream(room.listen);
  room.say(1);
  room.say(2);
  expect((await stream.next()).value?.position).toEqual({ epoch: "e", offset: 1 });
  expect((await stream.next()).value?.position.offset).toBe(2);
  const third = stream.next();
  room.say(3);
  expect((await third).value?.position.offset).toBe(3);
  await stream.return(undefined);
  expect(room.isOpen()).toBe(false);
});

test("an abort ends the iteration", async () => {
  const room = source();
  const stop = new AbortController();
  const next = messageStream(room.listen, stop.signal).next();
  stop.abort();
  expect((await next).done).toBe(true);
  expect(room.isOpen()).toBe(false);
});

test("a reader that is too slow gets what was kept, then an error", async () => {
  const room = source();
  const stream = messageStream(room.listen);
  for (let offset = 0; offset <= mostWaiting; offset += 1) room.say(offset);
  for (let read = 0; read < mostWaiting; read += 1) await stream.next();
  await expect(stream.next()).rejects.toThrow(TooSlow);
  expect(room.isOpen()).toBe(false);
});
