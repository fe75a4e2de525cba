/** With any faults of the network, no kept message is lost or duplicated, and gaps are reported. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { ClientMachine } from "./clientMachine.ts";
import type { Effect, Input } from "./effects.ts";
import type { Command, Message } from "./frames.ts";
import { commandsOf, ModelServer, room } from "./serverModel.testing.ts";

type Act =
  | {
      readonly do:
        | "say"
        | "deliver"
        | "work"
        | "flow"
        | "drop"
        | "repeat"
        | "swap"
        | "cut"
        | "offline";
    }
  | { readonly do: "publish"; readonly leap: number }
  | { readonly do: "trim" | "epoch" | "older" | "away" | "back" | "leave" }
  | { readonly do: "wait"; readonly ms: number };

const often = fc.constantFrom<Act>(
  { do: "say" },
  { do: "deliver" },
  { do: "work" },
  { do: "flow" },
);
const rarely = fc.constantFrom<Act>(
  { do: "drop" },
  { do: "repeat" },
  { do: "swap" },
  { do: "cut" },
  { do: "offline" },
  { do: "trim" },
  { do: "epoch" },
  { do: "older" },
  { do: "away" },
  { do: "back" },
  { do: "leave" },
);
const publish = fc.record({
  do: fc.constant("publish" as const),
  leap: fc.integer({ min: 1, max: 3 }),
});
const wait = fc.record({
  do: fc.constant("wait" as const),
  ms: fc.integer({ min: 0, max: 20_000 }),
});
const acts = fc.array(
  fc.oneof(
    { arbitrary: often, weight: 6 },
    { arbitrary: publish, weight: 3 },
    { arbitrary: rarely, weight: 3 },
    { arbitrary: wait, weight: 1 },
  ),
  { maxLength: 80 },
);

/** A client, a node, and the link between them. */
class World {
  readonly server = new ModelServer();
  readonly client: ClientMachine;
  readonly effects: Effect[] = [];
  readonly sent: string[] = [];
  now = 0;
  /** Commands in flight to the node. */
  #commands: Command[] = [];
  #counter = 0;
  #flips: readonly boolean[];

  constructor(randoms: readonly number[], flips: readonly boolean[]) {
    let at = 0;
    this.client = new ClientMachine({
      name: "ann",
      random: () => randoms[at++ % randoms.length] ?? 0,
    });
    this.#flips = flips;
    this.step(["join", room]);
    this.step(["connect"]);
    this.#flow();
  }

  step(input: Input): void {
    const effects = this.client.step(input, this.now);
    this.effects.push(...effects);
    if (effects.some(([what]) => what === "shut")) this.#cutLine();
    this.#commands.push(...commandsOf(effects));
    if (effects.some(([what]) => what === "open")) this.step(["opened"]);
  }

  #cutLine(): void {
    this.server.cut();
    this.#commands = [];
  }

  #work(): void {
    const command = this.#commands.shift();
    if (command !== undefined) this.server.take(command, this.#flip());
  }

  #flip(): boolean {
    this.#counter += 1;
    return this.#flips[this.#counter % this.#flips.length] ?? false;
  }

  #deliver(): void {
    const frame = this.server.line.shift();
    if (frame !== undefined) this.step(["frame", frame]);
  }

  /** Deliver everything in flight. */
  #flow(): void {
    // With a node that rejects everything and random numbers of zero, this would never end.
    for (let turn = 0; turn < 100; turn += 1) {
      this.#work();
      this.#deliver();
    }
  }

  act(act: Act): void {
    const { server } = this;
    const { line } = server;
    switch (act.do) {
      case "say":
        this.#say();
        break;
      case "deliver":
        this.#deliver();
        break;
      case "work":
        this.#work();
        break;
      case "flow":
        this.#flow();
        break;
      case "publish":
        server.publish("bob", `b${this.now}`, "x", act.leap);
        break;
      case "wait":
        this.#wait(act.ms);
        break;
      default:
        this.#disturb(act.do, line);
    }
  }

  #say(): void {
    const key = `k${this.sent.length}`;
    this.step(["send", room, key, key]);
    this.sent.push(key);
  }

  #disturb(what: Act["do"], line: ModelServer["line"]): void {
    const { server } = this;
    const disturbances: Partial<Record<Act["do"], () => void>> = {
      // Replies are lost only with their connection; other events may be lost on their own.
      drop: () => line[0]?.type === "message" && line.shift(),
      repeat: () => line[0]?.type === "message" && line.unshift(line[0]),
      swap: () => line[0]?.type === "message" && line.splice(1, 0, ...line.splice(0, 1)),
      cut: () => {
        this.#cutLine();
        this.step(["lost", 1006]);
      },
      offline: () => {
        this.step(["offline"]);
        this.step(["online"]);
      },
      trim: () => server.trim(2),
      epoch: () => server.newEpoch(),
      older: () => this.step(["older", room]),
      away: () => {
        server.away = true;
      },
      back: () => {
        server.away = false;
      },
      leave: () => {
        this.step(["leave", room]);
        this.step(["join", room]);
      },
    };
    disturbances[what]?.();
  }

  #wait(ms: number): void {
    this.now += ms;
    this.step(["tick"]);
  }

  /** Run without faults until nothing is in flight and nothing is due soon. */
  settle(): void {
    this.server.away = false;
    this.server.publish("bob", "end", "the end");
    for (let turn = 0; turn < 5_000 && !this.settled; turn += 1) this.#resume();
    if (!this.settled) throw new Error("it never settles");
  }

  #resume(): void {
    if (this.#commands.length > 0) this.#work();
    else if (this.server.line.length > 0) this.#deliver();
    else this.#wait(Math.max(0, (this.client.deadline ?? 0) - this.now));
  }

  /** The keys of the own messages in the view (TL8). */
  get shown(): (string | undefined)[] {
    const { timeline, outbox } = this.client.room(room) ?? {};
    const arrived = timeline?.lines.filter(({ message }) => message?.user === "ann") ?? [];
    const waiting = outbox?.own.filter(({ seen }) => seen === undefined) ?? [];
    return [...arrived.map(({ message }) => message?.key), ...waiting.map(({ key }) => key)];
  }

  get settled(): boolean {
    if (this.#commands.length > 0 || this.server.line.length > 0) return false;
    const here = this.client.room(room);
    return (
      here?.state === "live" &&
      here.timeline.position?.offset === this.server.head &&
      here.outbox.own.length === 0
    );
  }
}

const randoms = fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 1 });
const flips = fc.array(fc.boolean(), { minLength: 1 });

function run(script: readonly Act[], chances: readonly number[], order: readonly boolean[]): World {
  const world = new World(chances, order);
  for (const act of script) {
    world.act(act);
    expect(new Set(world.shown).size).toBe(world.shown.length);
  }
  world.settle();
  return world;
}

test("in the end the view is the log of the room, and the outbox is empty", () => {
  fc.assert(
    fc.property(acts, randoms, flips, (script, chances, order) => {
      const { client, server } = run(script, chances, order);
      const lines = client.room(room)?.timeline.lines ?? [];
      const behind = lines.slice(lines.findLastIndex(({ message }) => message === null) + 1);
      const shown = behind.map(({ message }) => message?.offset);
      const first = shown[0] ?? server.head;
      const log = server.log.map(({ offset }) => offset).filter((offset) => offset >= first);
      expect(shown).toEqual(log);
    }),
    { numRuns: 400 },
  );
});

test("messages are reported in order, once, and a gap is reported exactly where some are missing", () => {
  fc.assert(
    fc.property(acts, randoms, flips, (script, chances, order) => {
      const { effects, server } = run(script, chances, order);
      for (const [before, after] of neighbours(effects)) expect(after.prev).toBe(before.offset);
      const gaps = effects.filter(([what]) => what === "gap").length;
      expect(gaps).toBeLessThanOrEqual(server.losses + joinsWithoutSince(effects));
    }),
    { numRuns: 400 },
  );
});

test("each own message is stored once per epoch, in order, and reported as sent once", () => {
  fc.assert(
    fc.property(acts, randoms, flips, (script, chances, order) => {
      const { effects, sent, server } = run(script, chances, order);
      const stored = [...new Set(server.own.map(({ key }) => key))];
      expect(stored).toEqual(sent);
      const places = server.own.map(({ key, epoch }) => `${key} ${epoch}`);
      expect(new Set(places).size).toBe(places.length);
      const receipts = effects.filter(([what]) => what === "sent").map((effect) => effect[2]);
      expect(receipts.toSorted()).toEqual(sent.toSorted());
    }),
    { numRuns: 400 },
  );
});

/** All pairs of consecutive messages without a gap between them. */
function neighbours(effects: readonly Effect[]): [Message, Message][] {
  const pairs: [Message, Message][] = [];
  let last: Message | null = null;
  for (const effect of effects) {
    if (effect[0] === "gap") last = null;
    if (effect[0] !== "message") continue;
    if (last !== null) pairs.push([last, effect[2]]);
    last = effect[2];
  }
  return pairs;
}

/** How often the client joined without `since`, although it had a position (TL3). */
function joinsWithoutSince(effects: readonly Effect[]): number {
  const joins = commandsOf(effects).filter(({ type }) => type === "join");
  return joins.slice(1).filter((join) => !("since" in join)).length;
}
