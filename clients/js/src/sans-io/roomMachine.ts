/** One room of a client: join, recovery, messages and presence. */
import { type Author, isSameAuthor } from "./author.ts";
import { earliest, RetryTimer } from "./backoff.ts";
import type { Effect, InRoom, RoomState } from "./effects.ts";
import type {
  Entry,
  Joined,
  Position,
  Presence,
  Refusal,
  Reply,
  Request,
  Reset,
  RoomEvent,
  Welcome,
} from "./frames.ts";
import type { MarkMoved } from "./listFrames.ts";
import { MemberList, TypingUsers } from "./members.ts";
import { MessageSender } from "./messageSender.ts";
import { PageRequests } from "./pageRequests.ts";
import type { PendingCommands } from "./pendingCommands.ts";
import { Timeline } from "./timeline.ts";

/** The limits of a room. */
export interface RoomBounds {
  /** Own messages in the outbox (TL6). */
  readonly outbox: number;
  /** Lines of the view. */
  readonly lines: number;
}

/** The state of one room. The methods return effects, in the order of §10. */
export class RoomMachine {
  readonly name: string;
  readonly timeline: Timeline;
  readonly members = new MemberList();
  readonly typingUsers: TypingUsers;
  state: RoomState = "left";
  /** Why the room was refused. */
  refusal: { readonly code: string; readonly message: string } | null = null;
  readonly #pending: PendingCommands;
  readonly #sender: MessageSender;
  readonly #pages: PageRequests;
  readonly #joinRetry: RetryTimer;
  /** The id of the join in flight; replies to earlier joins are ignored. */
  #joining: number | null = null;
  #me: Author | null = null;

  constructor(name: string, pending: PendingCommands, random: () => number, bounds: RoomBounds) {
    this.name = name;
    this.timeline = new Timeline(bounds.lines);
    this.typingUsers = new TypingUsers(name);
    this.#pending = pending;
    this.#sender = new MessageSender(name, this.timeline, pending, {
      bound: bounds.outbox,
      random,
    });
    this.#pages = new PageRequests(name, this.timeline, pending);
    this.#joinRetry = new RetryTimer(random);
  }

  get outbox() {
    return this.#sender.outbox;
  }

  get #wanted(): boolean {
    return this.state === "joining" || this.state === "live";
  }

  get #live(): boolean {
    return this.state === "live";
  }

  // Inputs of the application

  /** Mark the room as wanted; false if it was already (CS2). */
  want(since: Position | undefined): boolean {
    if (this.#wanted) return false;
    this.state = "joining";
    this.refusal = null;
    this.timeline.position ??= since ?? null;
    return true;
  }

  step(input: InRoom, now: number, online: boolean) {
    switch (input[0]) {
      case "leave":
        return this.#leave(now, online);
      case "rewind":
        return this.#rewind(input[2], now, online);
      case "send":
      case "change":
        return [...this.#sender.put(input, now, this.#wanted), ...this.#writeNext(now)];
      case "resend":
        if (this.#wanted) this.outbox.resend(input[2]);
        return this.#writeNext(now);
      case "discard":
        return [...this.#sender.discard(input[2]), ...this.#writeNext(now)];
      case "older":
        return this.#pages.older(now, this.#live);
      case "who":
        return this.#pages.names(input[2], now, this.#live);
      case "typing":
        return this.#live ? this.typingUsers.write(now) : [];
    }
  }

  /** Leave the room; its state is kept (CS2). */
  #leave(now: number, online: boolean): Effect[] {
    const wanted = this.#wanted;
    this.state = "left";
    this.#joining = null;
    this.#joinRetry.reset();
    if (!wanted) return [];
    const done = [...this.typingUsers.clear(), ...this.#pages.giveUp()];
    if (!online) return done;
    const room = this.name;
    const leave = this.#pending.issue((id) => ({ type: "leave", id, room }), now);
    return [...done, ["command", leave]];
  }

  #rewind(to: Position, now: number, online: boolean): Effect[] {
    if (!this.#wanted) return [];
    this.timeline.rewind(to);
    this.outbox.unsee(to);
    this.#joinRetry.cancel();
    return online ? this.#rejoin(now) : [];
  }

  // The connection

  /** Join, on a welcomed connection. */
  enter(welcome: Welcome, now: number): Effect[] {
    this.#me = welcome;
    this.#sender.mostCharacters = welcome.limits.text;
    return this.#enter(now);
  }

  #enter(now: number): Effect[] {
    if (this.state !== "joining") return [];
    const room = this.name;
    const { since } = this.timeline;
    const join = this.#pending.issue(
      (id) => ({ type: "join", id, room, ...(since !== null && { since }) }) as const,
      now,
    );
    this.#joining = join.id;
    return [["command", join]];
  }

  /** Return to joining, because the connection was lost. */
  onLost(): Effect[] {
    this.#joining = null;
    this.#joinRetry.cancel();
    this.#sender.onLost();
    this.timeline.resetHoles();
    if (this.#live) this.state = "joining";
    return [...this.typingUsers.clear(), ...this.#pages.giveUp()];
  }

  tick(now: number): Effect[] {
    const done = this.typingUsers.expire(now);
    if (this.#joinRetry.isDue(now)) done.push(...this.#enter(now));
    return [...done, ...this.#writeNext(now)];
  }

  get deadline(): number | null {
    const sender = this.#sender.deadline(this.#live);
    return earliest([...this.typingUsers.deadlines, this.#joinRetry.due, sender]);
  }

  // Events

  /** Handle an event. A joining room ignores it: the reply includes it (TL2, TL5, PS1). */
  onEvent(event: Exclude<RoomEvent, MarkMoved>, now: number): Effect[] {
    if (!this.#live) return [];
    switch (event.type) {
      case "message":
      case "change":
        return this.#entry(event, now);
      case "reset":
        return this.#reset(event, now);
      case "presence":
        return this.#presence(event);
      case "typing":
        return this.typingUsers.typed(event.user, now);
    }
  }

  #entry(entry: Entry, now: number): Effect[] {
    const verdict = this.timeline.accept(entry);
    if (verdict === "hole") return this.#rejoin(now);
    if (verdict === "duplicate") return [];
    const shown = this.#show(entry);
    const typing = this.typingUsers.wrote([entry]);
    return [shown, ...typing, ...this.#writeNext(now)];
  }

  #rejoin(now: number): Effect[] {
    this.state = "joining";
    return this.#enter(now);
  }

  /** Report an accepted entry, which is shown instead of the own one with its key (TL8). */
  #show(entry: Entry): Effect {
    const { position } = this.timeline;
    const own = this.#me !== null && isSameAuthor(entry, this.#me);
    if (position !== null) this.#sender.seen(entry, position, own);
    return entry.type === "message"
      ? ["message", this.name, entry]
      : ["change", this.name, entry, this.timeline.shown(entry.target)];
  }

  #reset(reset: Reset, now: number): Effect[] {
    this.timeline.drop(this.outbox.unsee()); // they may be lost (TL8)
    const gap: Effect[] = this.timeline.reset(reset) ? [["gap", this.name]] : [];
    this.outbox.moved(reset);
    return [...gap, ...this.#writeNext(now)];
  }

  #presence(presence: Presence): Effect[] {
    const changed = this.members.change(presence);
    const done: Effect[] = changed === null ? [] : [["presence", this.name, changed]];
    return [...done, ...this.typingUsers.stopped(presence.left)];
  }

  // Replies

  onReply(request: Request, reply: Reply, now: number): Effect[] {
    if (request.type === "join")
      return request.id === this.#joining ? this.#joinReplied(reply, now) : [];
    if ("key" in request)
      return [...this.#sender.onReply(request, reply, now), ...this.#writeNext(now)];
    return this.#pages.onReply(request, reply);
  }

  #joinReplied(reply: Reply, now: number): Effect[] {
    this.#joining = null;
    if (reply.type === "joined") return this.#joined(reply, now);
    if (reply.type !== "error") return [];
    if (!reply.retry) return this.#refused(reply);
    this.#joinRetry.schedule(now, reply.retry_after);
    return [];
  }

  #refused(refusal: Refusal): Effect[] {
    const { code, message } = refusal;
    this.state = "refused"; // CS11
    this.refusal = { code, message };
    this.#joinRetry.reset();
    const failed = this.#sender.refuseAll(refusal);
    const ended = [...this.typingUsers.clear(), ...this.#pages.giveUp()];
    return [["refused", this.name, code, message], ...failed, ...ended];
  }

  /** Go live, and accept the messages (TL4). */
  #joined(joined: Joined, now: number): Effect[] {
    this.state = "live";
    this.#joinRetry.reset();
    this.members.replace(joined.members);
    // A recovery requires a position.
    const startsOver = !joined.recovered || this.timeline.position === null;
    const { effects, hole } = startsOver ? this.#startOver(joined) : this.#resume(joined);
    const typing = this.typingUsers.wrote(joined.messages);
    const older = startsOver ? this.#pages.giveUpOlder() : [];
    const next = hole ? this.#rejoin(now) : this.#writeNext(now);
    return [["joined", this.name, joined.recovered], ...effects, ...typing, ...older, ...next];
  }

  #startOver(joined: Joined): Replay {
    this.timeline.drop(this.outbox.unsee()); // they may be lost (TL8)
    const effects: Effect[] = this.timeline.startOver(joined) ? [["gap", this.name]] : [];
    for (const message of joined.messages) effects.push(this.#show(message));
    if (this.timeline.position !== null) this.outbox.moved(this.timeline.position);
    return { effects, hole: false };
  }

  #resume(joined: Joined): Replay {
    this.timeline.resume(joined);
    const effects: Effect[] = [];
    for (const entry of joined.messages) {
      const verdict = this.timeline.accept(entry);
      if (verdict === "hole") return { effects, hole: true };
      if (verdict === "accepted") effects.push(this.#show(entry));
    }
    return { effects, hole: false };
  }

  #writeNext(now: number): Effect[] {
    return this.#sender.write(now, this.#live);
  }
}

/** The effects of the messages of a join, and whether they had a hole. */
type Replay = { readonly effects: Effect[]; readonly hole: boolean };
