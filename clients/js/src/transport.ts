/** One websocket at a time: it passes events on, and ignores a socket once it is shut. */
import { decode, encode } from "./sans-io/codec.ts";
import type { Command, Event } from "./sans-io/frames.ts";

const subprotocol = "hubbub.v1";
const noClose = 1006;

/** The required part of a WebSocket class: the browser's, or a compatible one. */
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

  /** Open a socket; `booked`: with a reservation (CL4). */
  open(booked = false): void {
    try {
      const more = booked ? `${this.#url.includes("?") ? "&" : "?"}booked=1` : "";
      this.#listenTo(new this.#WebSocket(this.#url + more, [subprotocol]));
    } catch {
      // The browser rejects the address. Reported later, as for any other failed connection.
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
    // In a browser, a page may send only 1000 and codes from 3000.
    socket.close(code === 1000 || code >= 3000 ? code : 1000);
  }

  #forget(socket: WebSocketLike): void {
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    if (this.#socket === socket) this.#socket = null;
  }
}
