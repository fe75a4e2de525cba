/** A user that fills a room for the measurements, with plain frames of the protocol. */
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { WebSocket } from "ws";

/** Messages on their way at the same time. */
const atOnce = 200;

export class Speaker {
  #socket;
  #room;
  #id = 2;
  #said = 0;
  #stored = 0;
  #changed = () => {};

  constructor(socket, room) {
    this.#socket = socket;
    this.#room = room;
    socket.on("message", (data) => {
      if (JSON.parse(data).type !== "sent") return;
      this.#stored += 1;
      this.#changed();
    });
  }

  static async open(url, room) {
    const socket = new WebSocket(`${url.replace(/^http/, "ws")}/ws`, "hubbub.v1");
    await once(socket, "open");
    socket.send(JSON.stringify({ type: "hello", id: 1, name: "speaker" }));
    socket.send(JSON.stringify({ type: "join", id: 2, room }));
    return new Speaker(socket, room);
  }

  /** Send so many lines; return them when all are stored. */
  async say(count) {
    const lines = Array.from({ length: count }, (_, at) => `line ${this.#said + at}`);
    for (const text of lines) {
      this.#send(text);
      while (this.#said - this.#stored >= atOnce) await this.#change();
    }
    while (this.#stored < this.#said) await this.#change();
    return lines;
  }

  /** Send so many lines a second, for so many seconds. */
  async sayAt(perSecond, seconds) {
    const begin = performance.now();
    for (let count = 0; count < perSecond * seconds; count += 1) {
      this.#send(`line ${this.#said}`);
      await pause(Math.max(0, begin + (1_000 * (count + 1)) / perSecond - performance.now()));
    }
  }

  close() {
    this.#socket.close();
  }

  #send(text) {
    this.#id += 1;
    this.#said += 1;
    const key = `key-${this.#said}`;
    this.#socket.send(JSON.stringify({ type: "send", id: this.#id, room: this.#room, text, key }));
  }

  #change() {
    return new Promise((resolve) => {
      this.#changed = resolve;
    });
  }
}
