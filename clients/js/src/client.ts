/** The public API of a client: it connects the state machine to a socket, a clock and a token hook. */

import { Answers } from "./answers.ts";
import { Clock } from "./clock.ts";
import { Listeners } from "./listeners.ts";
import { watchNetwork } from "./network.ts";
import { Room } from "./room.ts";
import type { RoomHost } from "./roomHost.ts";
import { isSameAuthor } from "./sans-io/author.ts";
import { ClientMachine } from "./sans-io/clientMachine.ts";
import {
  type Effect,
  type Input,
  isOfRoom,
  type ListedOwnRooms,
  type ListedRooms,
  type Status,
} from "./sans-io/effects.ts";
import type { Event, Limits, Message } from "./sans-io/frames.ts";
import type { ReadMark } from "./sans-io/listFrames.ts";
import { type KeyValue, SavedOutbox } from "./storage.ts";
import { Transport, type WebSocketClass } from "./transport.ts";
import { socketUrl } from "./url.ts";

export interface ClientOptions {
  /** The address of the server: `https://chat.example.org`, or the URL of its websocket. */
  readonly url: string;
  /** The requested name. Default: the server generates one. */
  readonly name?: string;
  /** The secret that proves the name, from an earlier `identity` (CN4). Default: none. */
  readonly session?: string;
  /** Returns a token whenever one is needed. Throws `TokenRefused` if there is none. Default: a guest. */
  readonly token?: () => Promise<string> | string;
  /** The name of the client software, for the server's log. Default: none. */
  readonly client?: string;
  /**
   * Whether the rooms count this connection as no member: it is in no list of members, and joins and leaves silently. It
   * reads and sends like any other. Default: false.
   */
  readonly listener?: boolean;
  /** Default: the WebSocket of the platform. */
  readonly WebSocket?: WebSocketClass;
  /** Saves the outbox across reloads. Default: a reload loses queued messages. */
  readonly storage?: KeyValue;
  /**
   * Whose outbox in the storage this is. Default: `name`, so that no user sends what another user wrote. An application
   * in which the user may change the name chooses a constant.
   */
  readonly outbox?: string;
}

/** The name of the user, and the secret that proves it. */
export interface Identity {
  readonly user: string;
  readonly session: string;
}

/** Thrown by a token hook: there is no token, and another call would not return one. */
export class TokenRefused extends Error {
  override readonly name = "TokenRefused";
}

/** Return the WebSocket class; Node.js has one of its own since version 22. */
function webSocketOf({ WebSocket = globalThis.WebSocket }: ClientOptions): WebSocketClass {
  if (WebSocket === undefined)
    throw new TypeError(
      "This platform has no WebSocket. Pass a class as the option WebSocket, such as that of the package ws.",
    );
  return WebSocket;
}

/** Create a client. It does nothing before `connect`. */
export function createClient(options: ClientOptions): Client {
  return new Client(options);
}

export class Client {
  readonly #options: ClientOptions;
  readonly #machine: ClientMachine;
  readonly #clock = new Clock();
  readonly #transport: Transport;
  readonly #rooms = new Map<string, Room>();
  readonly #statuses = new Listeners<[Status]>();
  readonly #identities = new Listeners<[Identity]>();
  readonly #directory = new Answers<ListedRooms | null>();
  readonly #own = new Answers<ListedOwnRooms | null>();
  readonly #marks = new Listeners<[string, ReadMark]>();
  readonly #host: RoomHost;
  #inputs: Input[] = [];
  #stepping = false;
  #stopWatching: () => void = () => {};
  #limits: Limits | null = null;
  #features: readonly string[] = [];

  constructor(options: ClientOptions) {
    const { url, name, session, client, listener, token } = options;
    this.#options = options;
    this.#machine = new ClientMachine({
      ...(name !== undefined && { name }),
      ...(session !== undefined && { session }),
      ...(client !== undefined && { client }),
      ...(listener !== undefined && { listener }),
      token: token !== undefined,
      random: Math.random,
    });
    this.#transport = new Transport(socketUrl(url), webSocketOf(options), {
      opened: () => this.#step(["opened"]),
      event: (event) => this.#onEvent(event),
      lost: (code) => this.#step(["lost", code]),
    });
    const self = this;
    this.#host = {
      get me() {
        return self.#machine.handshake.me;
      },
      step: (input) => this.#step(input),
      machine: (room) => this.#machine.room(room),
    };
  }

  connect(): void {
    this.#stopWatching();
    this.#stopWatching = watchNetwork((input) => this.#step(input));
    this.#step(["connect"]);
  }

  /** Close the client. Queued own messages stay in their rooms, and in the storage. */
  close(): void {
    this.#stopWatching();
    this.#step(["close"]);
  }

  /** Reconnect now instead of waiting. */
  retry(): void {
    this.#step(["retry"]);
  }

  /** Report that the user is away, or here again, also after each reconnect (PR6). */
  away(away: boolean): void {
    this.#step(["away", away]);
  }

  get status(): Status {
    return this.#machine.status;
  }

  /** Listen for changes of `status`; returns a function that stops it. */
  readonly onStatus = (listener: (status: Status) => void): (() => void) =>
    this.#statuses.add(listener);

  /** Listen for the identity, which the server sends with each welcome. */
  readonly onIdentity = (listener: (identity: Identity) => void): (() => void) =>
    this.#identities.add(listener);

  /** The current time on the clock of `status.until`. */
  get now(): number {
    return this.#clock.now;
  }

  /** What the server can do besides sending and reading messages (CN11); empty before the first welcome. */
  get features(): readonly string[] {
    return this.#features;
  }

  /** The limits of the server; null before the first welcome. */
  get limits(): Limits | null {
    return this.#limits;
  }

  /** The name of the user; null before the first welcome. */
  get user(): string | null {
    return this.#machine.handshake.me?.user ?? null;
  }

  /** The stable id of the user; null before the first welcome, and on an older server. */
  get userId(): string | null {
    return this.#machine.handshake.me?.user_id ?? null;
  }

  /** Return whether this user wrote a message. */
  readonly wrote = (message: Message): boolean => {
    const { me } = this.#machine.handshake;
    return me !== null && isSameAuthor(message, me);
  };

  /** Return the room of this name, the same object each time. */
  room(requested: string): Room {
    const name = requested.normalize("NFC");
    const known = this.#rooms.get(name);
    if (known !== undefined) return known;
    const { storage, outbox = this.#options.name ?? "" } = this.#options;
    const saved = new SavedOutbox(storage, outbox, name);
    const room = new Room(name, this.#host, saved);
    this.#rooms.set(name, room);
    return room;
  }

  /** Read rooms that the user may read, in alphabetical order; null if they cannot be read now. */
  directory(prefix = "", after = ""): Promise<ListedRooms | null> {
    const page = this.#directory.wait(prefix, after);
    this.#step(["directory", prefix, after]);
    return page;
  }

  /** Read the rooms that the user has joined, with what is unread in them; null if they cannot be read now. */
  rooms(after = ""): Promise<ListedOwnRooms | null> {
    const page = this.#own.wait(after);
    this.#step(["rooms", after]);
    return page;
  }

  /** Up to where the user has read a room; null if the server keeps no marks of this user. */
  mark(room: string): ReadMark | null {
    return this.#machine.rooms.marks.get(room.normalize("NFC"));
  }

  /** Move the user's read mark of a room forward, also on the user's other connections. */
  markRead(room: string, offset: number): void {
    this.#step(["read", room.normalize("NFC"), offset]);
  }

  /** Listen for read marks, of this connection and of others of the user. */
  readonly onMark = (listener: (room: string, mark: ReadMark) => void): (() => void) =>
    this.#marks.add(listener);

  #onEvent(event: Event): void {
    if (event.type === "welcome") {
      this.#limits = event.limits;
      this.#features = event.features ?? [];
    }
    this.#step(["frame", event]);
    const { status } = this;
    if (event.type !== "welcome" || status.state !== "online") return;
    this.#identities.emit({ user: event.user, session: event.session });
  }

  /** Step the state machine. Inputs during the effects are queued, so that effects keep their order. */
  #step(input: Input): void {
    this.#inputs.push(input);
    if (this.#stepping) return;
    this.#stepping = true;
    try {
      for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift())
        this.#take(next);
    } finally {
      this.#stepping = false;
    }
  }

  #take(input: Input): void {
    const effects = this.#machine.step(input, this.#clock.now);
    for (const effect of effects) this.#do(effect);
    this.#clock.set(this.#machine.deadline, () => this.#step(["tick"]));
    for (const room of this.#rooms.values()) room.refresh();
  }

  #do(effect: Effect): void {
    if (isOfRoom(effect)) {
      this.#rooms.get(effect[1])?.onEffect(effect);
      return;
    }
    switch (effect[0]) {
      case "token":
        this.#askForToken();
        break;
      case "open":
        this.#transport.open(effect[1] === "booked");
        break;
      case "command":
        this.#transport.write(effect[1]);
        break;
      case "shut":
        this.#transport.shut(effect[1]);
        break;
      case "status":
        this.#statuses.emit(effect[1]);
        break;
      case "directory":
        this.#directory.settle(effect[3], effect[1], effect[2]);
        break;
      case "rooms":
        this.#own.settle(effect[2], effect[1]);
        break;
      case "mark":
        this.#marks.emit(effect[1], effect[2]);
    }
  }

  #askForToken(): void {
    const hook = this.#options.token ?? (() => "");
    new Promise<string>((resolve) => resolve(hook())).then(
      (token) => this.#step(["token", token]),
      (error: unknown) => this.#step(["no_token", error instanceof TokenRefused]),
    );
  }
}
