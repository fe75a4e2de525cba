/** One websocket at a time: opens it, hands on what comes, forgets it at once when it's shut. */
import { decode, encode } from "./sans-io/codec.ts";
import type { Command, Event } from "./sans-io/frames.ts";

const subprotocol = "hubbub.v1";
const noClose = 1006;

/** What this needs of a WebSocket class: the browser's own, or one like it. */
export type WebSocketClass = new (url: string, protocols: string[]) => WebSocketLike;

export interface WebSocketLike {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { data: unknown } & never) => void) | null;
  onclose: ((event: { code: number } & never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

export interface TransportHandlers {
  opened(): void;
  event(event: Event): void;
  lost(code: number): void;
}

export class Transport {
  readonly #url: string;
  readonly #WebSocket: WebSocketClass;
  readonly #handlers: TransportHandlers;
  #socket: WebSocketLike | null = null;

  constructor(url: string, WebSocket: WebSocketClass, handlers: TransportHandlers) {
    this.#url = url;
    this.#WebSocket = WebSocket;
    this.#handlers = handlers;
  }

  /** Open one; `booked` says that the node told to come now (CL4). */
  open(booked = false): void {
    try {
      const more = booked ? `${this.#url.includes("?") ? "&" : "?"}booked=1` : "";
      this.#listenTo(new this.#WebSocket(this.#url + more, [subprotocol]));
    } catch {
      // An address that the browser won't even try. Told later, as for any other that can't be had.
      queueMicrotask(() => this.#handlers.lost(noClose));
    }
  }

  #listenTo(socket: WebSocketLike): void {
    this.#socket = socket;
    socket.onopen = () => this.#handlers.opened();
    socket.onmessage = ({ data }: { data: unknown }) => {
      const event = typeof data === "string" ? decode(data) : null;
      if (event !== null) this.#handlers.event(event);
    };
    socket.onclose = ({ code }: { code: number }) => {
      this.#forget(socket);
      this.#handlers.lost(code);
    };
    socket.onerror = () => {}; // a close follows
  }

  write(command: Command): void {
    this.#socket?.send(encode(command));
  }

  shut(code: number): void {
    const socket = this.#socket;
    if (socket === null) return;
    this.#forget(socket);
    // A browser's page may only say 1000 and its own codes.
    socket.close(code === 1000 || code >= 3000 ? code : 1000);
  }

  #forget(socket: WebSocketLike): void {
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    if (this.#socket === socket) this.#socket = null;
  }
}
