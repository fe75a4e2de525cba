/** Iterate over messages, with a bound on those that wait to be read. */
import type { Message, Position } from "./sans-io/frames.ts";

export const mostWaiting = 10_000;

/** A message, and its position: from there, another run of the application can go on. */
export interface Received {
  readonly message: Message;
  readonly position: Position;
}

/** The required part of an `AbortSignal`, which not every platform has types for. */
export interface StopSignal {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void, options?: { once?: boolean }): void;
}

/** The application read more slowly than messages came. Join with the position of the last one to go on. */
export class TooSlow extends Error {
  override readonly name = "TooSlow";

  constructor() {
    super(`More than ${mostWaiting} messages wait to be read. Join again with the last position.`);
  }
}

/** Listening starts at once, so that no message is missed before the first one is read. */
export function messageStream(
  listen: (receive: (received: Received) => void) => () => void,
  signal?: StopSignal,
): AsyncGenerator<Received> {
  const queue = new Queue();
  const stop = listen((received) => queue.put(received));
  signal?.addEventListener("abort", () => queue.end(), { once: true });
  if (signal?.aborted) queue.end();
  return readAll(queue, stop);
}

/** Return the function that listens for the messages of a room, each with its position. */
export function receiving(room: {
  readonly snapshot: { readonly position: Position | null };
  onMessage(listener: (message: Message) => void): () => void;
}) {
  return (receive: (received: Received) => void) =>
    room.onMessage((message) => {
      const epoch = room.snapshot.position?.epoch ?? "";
      receive({ message, position: { epoch, offset: message.offset } });
    });
}

async function* readAll(queue: Queue, stop: () => void): AsyncGenerator<Received> {
  try {
    for (let next = await queue.take(); next !== null; next = await queue.take()) yield next;
  } finally {
    stop();
  }
}

class Queue {
  readonly #waiting: Received[] = [];
  #overflowed = false;
  #ended = false;
  #wake = () => {};

  put(received: Received): void {
    if (this.#waiting.length < mostWaiting) this.#waiting.push(received);
    else this.#overflowed = true;
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** Return the next message; null at the end. */
  async take(): Promise<Received | null> {
    while (!this.#ended) {
      const received = this.#waiting.shift();
      if (received !== undefined) return received;
      if (this.#overflowed) throw new TooSlow();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return null;
  }
}
