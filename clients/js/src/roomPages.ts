/** The calls of a room that wait for a reply. */
import { Answers } from "./answers.ts";
import { NotSent } from "./receipts.ts";
import type { RoomHost } from "./roomHost.ts";
import type { RoomEffect, SearchPage, ThreadPage, UploadTicket } from "./sans-io/effects.ts";
import type { Position } from "./sans-io/frames.ts";
import { type Members, membersOf } from "./sans-io/members.ts";
import { SearchFailed } from "./searchFailed.ts";

/** Requests pages, and waits for their results. */
export class RoomPages {
  readonly #room: string;
  readonly #host: RoomHost;
  readonly #searches = new Answers<SearchPage | string>();
  readonly #threads = new Answers<ThreadPage | string>();
  readonly #topics = new Answers<Position | string>();
  readonly #tickets = new Answers<UploadTicket | string>(1);
  #older: ((answer: { more: boolean }) => void)[] = [];
  #names: ((answer: Members | null) => void)[] = [];

  constructor(room: string, host: RoomHost) {
    this.#room = room;
    this.#host = host;
  }

  older(): Promise<{ more: boolean }> {
    return new Promise((resolve) => {
      this.#older.push(resolve);
      this.#host.step(["older", this.#room]);
    });
  }

  async search(query: string, before: string): Promise<SearchPage> {
    const answer = this.#searches.wait(query, before);
    this.#host.step(["search", this.#room, query, before]);
    return unlessFailed(await answer);
  }

  async thread(root: number, before: number | null): Promise<ThreadPage> {
    const answer = this.#threads.wait(String(root), String(before));
    this.#host.step(["thread", this.#room, root, before]);
    return unlessFailed(await answer);
  }

  async setTopic(text: string): Promise<Position> {
    const answer = this.#topics.wait(text);
    this.#host.step(["topic", this.#room, text]);
    const at = await answer;
    if (typeof at === "string") throw new NotSent(at, "");
    return at;
  }

  async ticket(name: string, size: number, media: string): Promise<UploadTicket> {
    const answer = this.#tickets.wait(name, String(size), media);
    this.#host.step(["upload", this.#room, name, size, media]);
    return unlessFailed(await answer);
  }

  names(after: string): Promise<Members | null> {
    return new Promise((resolve) => {
      this.#names.push(resolve);
      this.#host.step(["who", this.#room, after]);
    });
  }

  onEffect(effect: RoomEffect): void {
    switch (effect[0]) {
      case "found":
        this.#searches.settle(effect[4], effect[2], effect[3]);
        break;
      case "thread":
        this.#threads.settle(effect[4], String(effect[2]), String(effect[3]));
        break;
      case "topic":
        this.#topics.settle(effect[3], effect[2]);
        break;
      case "ticket":
        this.#tickets.settle(effect[5], effect[2], String(effect[3]), effect[4]);
        break;
      case "older":
        for (const answer of this.#older.splice(0)) answer({ more: effect[3] });
        break;
      case "members":
        for (const answer of this.#names.splice(0)) answer(effect[2] && membersOf(effect[2]));
    }
  }
}

function unlessFailed<P>(page: P | string): P {
  if (typeof page === "string") throw new SearchFailed(page);
  return page;
}
