/** The public API of one room: snapshots for a user interface, and commands. */

import { newKey } from "./idempotencyKey.ts";
import { Listeners } from "./listeners.ts";
import { messageStream, type Received, receiving, type StopSignal } from "./messageStream.ts";
import { NewMessages } from "./newMessages.ts";
import { NotSent, Receipts } from "./receipts.ts";
import type { RoomHost } from "./roomHost.ts";
import { RoomPages } from "./roomPages.ts";
import { nothingYet, type RoomSnapshot } from "./roomSnapshot.ts";
import { RowCache } from "./rows.ts";
import type {
  Input,
  OwnChange,
  RoomEffect,
  SearchPage,
  SendReceipt,
  ThreadPage,
  UploadTicket,
} from "./sans-io/effects.ts";
import type { Change, File, Message, Position } from "./sans-io/frames.ts";
import type { Members } from "./sans-io/members.ts";
import type { SavedOutbox } from "./storage.ts";

const mostRemembered = 1_000;

/** An own message. `done` resolves to its receipt, or rejects with `NotSent`. */
export interface Sending {
  readonly key: string;
  readonly done: Promise<SendReceipt>;
}

export class Room {
  readonly name: string;
  readonly #host: RoomHost;
  readonly #saved: SavedOutbox;
  readonly #rows = new RowCache();
  readonly #new = new NewMessages();
  readonly #changed = new Listeners();
  readonly #said = new Listeners<[Message]>();
  readonly #edited = new Listeners<[Change]>();
  readonly #gaps = new Listeners();
  readonly #written = new Map<string, number>();
  readonly #receipts = new Receipts();
  readonly #pages: RoomPages;
  #snapshot: RoomSnapshot | null = null;
  #restored = false;
  #seen: readonly unknown[] = [];
  #savedOwn: unknown;

  constructor(name: string, host: RoomHost, saved: SavedOutbox) {
    this.name = name;
    this.#host = host;
    this.#saved = saved;
    this.#pages = new RoomPages(name, host);
  }

  /**
   * Join, now and after each reconnect, until `leave`. `since` is the position up to which the application has the
   * messages, from an earlier run: what was stored after it is new.
   */
  join(since?: Position): void {
    if (since !== undefined) this.#new.startAt(since);
    this.#host.step(since === undefined ? ["join", this.name] : ["join", this.name, since]);
    if (this.#restored) return;
    this.#restored = true;
    for (const { key, text, at, replyTo, files } of this.#saved.read()) {
      this.#written.set(key, at);
      this.#host.step(["send", this.name, key, text, replyTo, Date.now() - at, files]);
    }
  }

  leave(): void {
    this.#host.step(["leave", this.name]);
  }

  /** Send a message, which is in the snapshot at once. It may reply to a position, and have uploaded files. */
  send(text: string, replyTo?: Position, files?: readonly File[]): Sending {
    const key = newKey();
    this.#remember(key);
    const done = this.#settling(key, ["send", this.name, key, text, replyTo, undefined, files]);
    return { key, done };
  }

  /** Ask for a ticket: the bytes go to `api/files/<file>`, by `PUT`. Rejects with `SearchFailed`. */
  ticket(name: string, size: number, media = ""): Promise<UploadTicket> {
    return this.#pages.ticket(name, size, media);
  }

  /** Replace the text of an own message. The snapshot changes when it is stored, as with the other changes. */
  edit(target: Position, text: string): Promise<SendReceipt> {
    return this.#change({ change: "edit", target, text });
  }

  /** Delete an own message: its text and its reactions are removed, and its place remains. */
  delete(target: Position): Promise<SendReceipt> {
    return this.#change({ change: "delete", target });
  }

  /** React to a message with an emoji, or with a short code such as `:tada:`. */
  react(target: Position, emoji: string): Promise<SendReceipt> {
    return this.#change({ change: "react", target, emoji });
  }

  /** Take an own reaction back. */
  unreact(target: Position, emoji: string): Promise<SendReceipt> {
    return this.#change({ change: "unreact", target, emoji });
  }

  #change(change: OwnChange): Promise<SendReceipt> {
    const key = newKey();
    return this.#settling(key, ["change", this.name, key, change]);
  }

  /** Send a failed message again. */
  retry(key: string): Promise<SendReceipt> {
    return this.#settling(key, ["resend", this.name, key]);
  }

  /** Drop a failed message. */
  discard(key: string): void {
    this.#host.step(["discard", this.name, key]);
  }

  /** Insert a page of history before the first row. */
  loadOlder(): Promise<{ more: boolean }> {
    return this.#pages.older();
  }

  /**
   * Find messages of the room, newest first; `before` is the `more` of the last page. Rejects with `SearchFailed`.
   */
  search(query: string, before = ""): Promise<SearchPage> {
    return this.#pages.search(query, before);
  }

  /**
   * Read messages of the thread of a root, oldest first; `before` is that of the last page. The root is the first
   * message of the last page. Rejects with `SearchFailed`.
   */
  thread(root: number, before: number | null = null): Promise<ThreadPage> {
    return this.#pages.thread(root, before);
  }

  /**
   * Set the topic of the room, as a moderator: one line; an empty text removes it. Resolves to the position of the
   * message about it, or rejects with `NotSent`; after the code `lost` it may have been set.
   */
  setTopic(text: string): Promise<Position> {
    return this.#pages.setTopic(text);
  }

  /** Read a page of member names after `after`; null if it cannot be read now. */
  who(after = ""): Promise<Members | null> {
    return this.#pages.names(after);
  }

  /**
   * Keep all rows while the user reads older ones: otherwise a long room drops its oldest rows. They are dropped
   * when `on` is false again.
   */
  keepRows(on: boolean): void {
    this.#host.machine(this.name)?.timeline.keepAll(on);
    this.refresh();
  }

  /** Report that the user is typing. Call it at each key stroke; most calls send nothing. */
  typing(): void {
    this.#host.step(["typing", this.name]);
  }

  /** Listen for changes of `snapshot`; returns a function that stops it. */
  readonly subscribe = (listener: () => void): (() => void) => this.#changed.add(listener);

  /**
   * Listen for new messages, own ones too: those after the first join, in order, once, also those that were
   * missed meanwhile. History is in the snapshot only.
   */
  onMessage(listener: (message: Message) => void): () => void {
    return this.#said.add(listener);
  }

  /** Listen for changes of messages, in order, once. The snapshot shows them already, if it has their messages. */
  onChange(listener: (change: Change) => void): () => void {
    return this.#edited.add(listener);
  }

  /**
   * Iterate over the messages that `onMessage` reports, from now on. Throws `TooSlow` when too many wait to be read.
   * An abort of the signal ends the iteration.
   */
  messages(signal?: StopSignal): AsyncGenerator<Received> {
    return messageStream(receiving(this), signal);
  }

  /** Listen for lost messages: between two rows, or before all rows. */
  onGap(listener: () => void): () => void {
    return this.#gaps.add(listener);
  }

  get snapshot(): RoomSnapshot {
    this.#snapshot ??= this.#make();
    return this.#snapshot;
  }

  #make(): RoomSnapshot {
    const machine = this.#host.machine(this.name);
    if (machine === undefined) return nothingYet;
    const { timeline, outbox, members, typingUsers } = machine;
    const { me } = this.#host;
    const writtenAt = (key: string) => this.#written.get(key);
    return {
      state: machine.state,
      refusal: machine.refusal,
      catchingUp: machine.state === "joining" || (machine.state === "live" && !timeline.caughtUp),
      rows: this.#rows.of(timeline.lines, outbox.own, { me, writtenAt }),
      position: timeline.position,
      beginning: timeline.beginning,
      lost: timeline.lost,
      members: members.members,
      topic: timeline.topic,
      typing: typingUsers.names,
    };
  }

  /** Handle an effect of this room. */
  onEffect(effect: RoomEffect): void {
    switch (effect[0]) {
      case "joined":
      case "message":
        this.#onNews(effect);
        break;
      case "change":
        this.#edited.emit(effect[2]);
        break;
      case "gap":
        this.#gaps.emit();
        break;
      case "sent":
        this.#receipts.arrived(effect[2], effect[3]);
        break;
      case "failed":
        this.#receipts.failed(effect[2], new NotSent(effect[3], effect[4]));
        break;
      default:
        this.#pages.onEffect(effect);
    }
  }

  #onNews(effect: NewsEffect): void {
    const position = this.#host.machine(this.name)?.timeline.position ?? null;
    if (position === null) return;
    if (effect[0] === "joined") this.#new.joined(effect[2], position);
    else if (this.#new.isNew(effect[2], position.epoch)) this.#said.emit(effect[2]);
  }

  /** Update the snapshot and the saved outbox if they changed. */
  refresh(): void {
    const machine = this.#host.machine(this.name);
    if (machine === undefined) return;
    const { timeline, outbox, members, typingUsers, state } = machine;
    if (this.#restored && outbox.own !== this.#savedOwn) {
      this.#savedOwn = outbox.own;
      this.#saved.write(outbox.own, (key) => this.#written.get(key) ?? 0);
    }
    const { lines, beginning, caughtUp, topic } = timeline;
    const shown = [
      lines,
      beginning,
      caughtUp,
      topic,
      outbox.own,
      members.members,
      state,
      this.#host.me,
    ];
    const seen = [...shown, typingUsers.names];
    if (seen.every((part, at) => part === this.#seen[at])) return;
    this.#seen = seen;
    this.#snapshot = null;
    this.#changed.emit();
  }

  #remember(key: string): void {
    this.#written.set(key, Date.now());
    if (this.#written.size <= mostRemembered) return;
    for (const oldest of this.#written.keys()) {
      this.#written.delete(oldest);
      break;
    }
  }

  #settling(key: string, input: Input): Promise<SendReceipt> {
    const done = this.#receipts.wait(key);
    this.#host.step(input);
    return done;
  }
}

type NewsEffect = Extract<RoomEffect, readonly ["joined" | "message", ...unknown[]]>;
