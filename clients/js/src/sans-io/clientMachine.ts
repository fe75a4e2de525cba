/** The connection of a client: open, handshake, loss and reconnect (CS1-CS12). It owns the rooms. */
import { backoff, earliest, floodWait } from "./backoff.ts";
import { CloseCode, isFinal } from "./closeCodes.ts";
import type { Effect, Input, Status } from "./effects.ts";
import type { Drain, Event, Refusal, Reply, Welcome } from "./frames.ts";
import { Handshake, type HelloIdentity } from "./handshake.ts";
import { PendingCommands } from "./pendingCommands.ts";
import type { RoomBounds, RoomMachine } from "./roomMachine.ts";
import { RoomMachines } from "./roomMachines.ts";
import { TokenCache } from "./tokenCache.ts";

const opening = 10_000; // CS5: the socket is open and welcomed within this time
const heartbeatMargin = 10_000; // CS5: added to the server's ping interval
const stable = 10_000; // BO2

export interface MachineOptions extends HelloIdentity, Partial<RoomBounds> {
  /** Whether there is a token hook. */
  readonly token?: boolean;
  /** Returns numbers in [0, 1). */
  readonly random: () => number;
}

/** Turns inputs into effects. It has no clock, no socket and no random numbers of its own. */
export class ClientMachine {
  status: Status = { state: "idle" };
  readonly #random: () => number;
  readonly #pending = new PendingCommands();
  readonly #tokens: TokenCache;
  readonly rooms: RoomMachines;
  readonly handshake: Handshake;
  #socket: "none" | "opening" | "handshake" | "welcomed" = "none";
  #network = true;
  #losses = 0; // n of BO1
  #handshakeDue = 0;
  #heartbeatDue = 0;
  #ping = 0;
  #onlineSince: number | null = null;
  /** When to reconnect after `drain`; from when on the reservation is valid. */
  #reconnectAt = Number.POSITIVE_INFINITY;
  #reservedFrom = Number.POSITIVE_INFINITY;

  constructor(options: MachineOptions) {
    const { random, outbox = 200, lines = 5_000 } = options;
    this.#random = random;
    this.#tokens = new TokenCache(options.token ?? false, random);
    this.rooms = new RoomMachines(this.#pending, random, { outbox, lines });
    this.handshake = new Handshake(options);
  }

  room(name: string): RoomMachine | undefined {
    return this.rooms.get(name);
  }

  /** Process one input at a monotonic time; return the effects in order. */
  step(input: Input, now: number): Effect[] {
    switch (input[0]) {
      case "frame":
        return this.#frame(input[1], now);
      case "tick":
        return this.#tick(now);
      case "opened":
        return this.#opened(now);
      case "lost":
        return this.#socket === "none" ? [] : this.#lose(input[1], now);
      case "token":
        return this.#token(input[1], now);
      case "no_token":
        return this.#noToken(input[1], now);
      case "offline":
        return this.#wentOffline(now);
      case "online":
        return this.#cameOnline(now);
      case "connect":
      case "close":
      case "retry":
        return this.#asked(input[0], now);
      default:
        return this.rooms.step(input, now);
    }
  }

  /** The latest time of the next `tick`. */
  get deadline(): number | null {
    if (this.status.state === "waiting") return this.status.until;
    if (this.#socket === "none") return null;
    if (this.#socket !== "welcomed") return this.#handshakeDue;
    const others = [this.#pending.deadline, this.#tokens.retry.due, this.rooms.deadline];
    return earliest([this.#heartbeatDue, this.#reconnectAt, ...others]);
  }

  // The application and the network

  #asked(what: "connect" | "close" | "retry", now: number): Effect[] {
    const { state } = this.status;
    if (what === "connect") return state === "idle" || state === "closed" ? this.#begin(now) : [];
    if (what === "retry") return state === "waiting" ? this.#connect(now) : [];
    return state === "closed" ? [] : this.#stop(CloseCode.normal, now);
  }

  #wentOffline(now: number): Effect[] {
    this.#network = false;
    const { state } = this.status;
    if (state === "idle" || state === "closed" || state === "offline") return []; // CS4
    return [...this.#drop(now, CloseCode.goingAway), ...this.#change({ state: "offline" })];
  }

  #cameOnline(now: number): Effect[] {
    this.#network = true;
    return this.status.state === "offline" ? this.#connect(now) : [];
  }

  #begin(now: number): Effect[] {
    this.#losses = 0;
    return this.#network ? this.#connect(now) : this.#change({ state: "offline" });
  }

  #connect(now: number): Effect[] {
    const done = this.#change({ state: "connecting", attempt: this.#losses });
    if (!this.#tokens.missing) return [...done, ...this.#open(now)];
    return this.#tokens.ask() ? [...done, ["token"]] : done;
  }

  #open(now: number): Effect[] {
    this.#socket = "opening";
    this.#handshakeDue = now + opening;
    return [now >= this.#reservedFrom ? ["open", "booked"] : ["open"]];
  }

  // The token hook (CS8)

  #token(token: string, now: number): Effect[] {
    if (!this.#tokens.store(token)) return [];
    if (this.#socket === "welcomed") {
      const refresh = this.#pending.issue((id) => ({ type: "refresh", id, token }), now);
      return [["command", refresh]];
    }
    return this.#awaitsToken ? this.#open(now) : [];
  }

  get #awaitsToken(): boolean {
    return this.status.state === "connecting" && this.#socket === "none";
  }

  #noToken(final: boolean, now: number): Effect[] {
    const { state } = this.status;
    if (!this.#tokens.failed() || state === "closed" || state === "idle") return [];
    if (final) return this.#stop("no_token", now);
    if (this.#awaitsToken) return this.#wait("no_token", now);
    if (this.#socket === "welcomed") this.#tokens.retry.schedule(now);
    return [];
  }

  // The socket

  #opened(now: number): Effect[] {
    if (this.#socket !== "opening") return [];
    this.#socket = "handshake";
    return this.#hello(now);
  }

  #hello(now: number): Effect[] {
    const { token } = this.#tokens;
    return [["command", this.#pending.issue((id) => this.handshake.hello(id, token), now)]];
  }

  /** Wait and reconnect, or close if the close code is final (CL1). */
  #lose(code: number | string, now: number, shut?: number, retryAfter?: number): Effect[] {
    if (code === CloseCode.tokenExpired) this.#tokens.drop();
    const done = this.#drop(now, shut);
    if (typeof code === "number" && isFinal(code))
      return [...done, ...this.#change({ state: "closed", code })];
    const wait = code === CloseCode.flooding ? floodWait : retryAfter;
    return [...done, ...this.#wait(code, now, wait)];
  }

  #wait(code: number | string, now: number, retryAfter?: number): Effect[] {
    const until = now + backoff(this.#losses, this.#random(), retryAfter);
    this.#losses += 1; // BO2
    return this.#change({ state: "waiting", until, code });
  }

  /** Forget the socket and all state of the connection. */
  #drop(now: number, shut?: number): Effect[] {
    if (this.#onlineSince !== null && now - this.#onlineSince >= stable) this.#losses = 0; // BO2
    const hadOne = this.#socket !== "none";
    this.#onlineSince = null;
    this.#socket = "none";
    this.#reconnectAt = this.#reservedFrom = Number.POSITIVE_INFINITY;
    this.#pending.forget();
    this.#tokens.retry.cancel();
    const done = this.rooms.onLost();
    return hadOne && shut !== undefined ? [...done, ["shut", shut]] : done;
  }

  #stop(code: number | string, now: number, suggestion?: string): Effect[] {
    const why = { code, ...(suggestion !== undefined && { suggestion }) };
    return [...this.#drop(now, CloseCode.normal), ...this.#change({ state: "closed", ...why })];
  }

  #change(status: Status): Effect[] {
    this.status = status;
    return [["status", status]];
  }

  // Time

  #tick(now: number): Effect[] {
    const due = this.deadline;
    if (due === null || now < due) return [];
    if (this.status.state === "waiting") return this.#connect(now);
    if (this.#socket !== "welcomed" || this.#missedHeartbeat(now))
      return this.#lose(CloseCode.serverSilent, now, CloseCode.serverSilent);
    if (now >= this.#reconnectAt)
      return [...this.#drop(now, CloseCode.goingAway), ...this.#connect(now)]; // CS9
    const done = this.rooms.tick(now);
    if (this.#tokens.retry.isDue(now) && this.#tokens.ask()) done.push(["token"]);
    return done;
  }

  #missedHeartbeat(now: number): boolean {
    const unanswered = this.#pending.deadline;
    return now >= this.#heartbeatDue || (unanswered !== null && now >= unanswered); // CS5
  }

  // The server

  #frame(event: Event, now: number): Effect[] {
    if (this.#socket === "handshake") return this.#onHandshakeEvent(event, now);
    if (this.#socket !== "welcomed") return [];
    this.#heartbeatDue = now + this.#ping + heartbeatMargin;
    switch (event.type) {
      case "ping":
      case "unknown":
        return [];
      case "drain":
        this.#reconnectAt = now + event.delay; // CS9
        return [];
      case "expiring":
        this.#tokens.drop(); // CS8
        return this.#tokens.ask() ? [["token"]] : [];
      case "message":
      case "change":
      case "presence":
      case "typing":
      case "reset":
      case "mark":
        return this.rooms.onEvent(event, now);
      default:
        return this.#onReply(event, now);
    }
  }

  #rejectedByDrain({ delay, booked }: Drain, now: number): Effect[] {
    const done = this.#drop(now, CloseCode.goingAway); // CS9
    const until = now + delay;
    if (booked) this.#reservedFrom = until;
    return [...done, ...this.#change({ state: "waiting", until, code: CloseCode.goingAway })];
  }

  /** Handle the reply to hello, or `drain`; ignore other events before it. */
  #onHandshakeEvent(event: Event, now: number): Effect[] {
    if (event.type === "drain") return this.#rejectedByDrain(event, now);
    if (event.type !== "welcome" && event.type !== "error") return [];
    if (this.#pending.resolve(event) === null) return [];
    return event.type === "welcome" ? this.#onWelcomed(event, now) : this.#onHelloError(event, now);
  }

  #onWelcomed(welcome: Welcome, now: number): Effect[] {
    const { user, ping } = welcome;
    this.handshake.onWelcome(welcome);
    this.#socket = "welcomed";
    this.#onlineSince = now;
    this.#ping = ping;
    this.#heartbeatDue = now + ping + heartbeatMargin;
    return [...this.#change({ state: "online", user }), ...this.rooms.onWelcome(welcome, now)]; // CS2
  }

  #onHelloError(refusal: Refusal, now: number): Effect[] {
    const verdict = this.handshake.refused(refusal);
    if (verdict.do === "hello again") return this.#hello(now);
    if (verdict.do === "give up") return this.#stop(verdict.code, now, verdict.suggestion);
    return this.#lose(verdict.code, now, CloseCode.normal, verdict.retryAfter);
  }

  #onReply(reply: Reply, now: number): Effect[] {
    const request = this.#pending.resolve(reply);
    if (request === null) return [];
    if (request.type !== "refresh") return this.rooms.onReply(request, reply, now);
    return reply.type === "error" ? this.#notRefreshed(reply, now) : [];
  }

  #notRefreshed(refusal: Refusal, now: number): Effect[] {
    if (refusal.code === "token_expired")
      return this.#lose(CloseCode.tokenExpired, now, CloseCode.normal);
    if (!refusal.retry) return this.#stop(refusal.code, now);
    this.#tokens.drop();
    this.#tokens.retry.schedule(now, refusal.retry_after);
    return [];
  }
}
