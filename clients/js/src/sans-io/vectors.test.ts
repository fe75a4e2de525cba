/** The vectors of the specification: inputs and the expected effects. */
import { describe, expect, test } from "vitest";
import { ClientMachine } from "./clientMachine.ts";
import { decode } from "./codec.ts";
import type { Input, Status } from "./effects.ts";
import type { Message } from "./frames.ts";
import type { Members } from "./members.ts";
import type { OutboxEntry } from "./outbox.ts";
import type { RoomMachine } from "./roomMachine.ts";
import { readVectors } from "./vectors.testing.ts";

interface Step {
  readonly at?: number;
  readonly in: Input;
  readonly do?: unknown;
  readonly deadline?: number | null;
  readonly status?: Status;
  readonly view?: Readonly<Record<string, readonly string[]>>;
  readonly members?: Readonly<Record<string, unknown>>;
  readonly typing?: Readonly<Record<string, readonly string[]>>;
  readonly topic?: Readonly<Record<string, string | null>>;
}

interface Case {
  readonly id: string;
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>> & { readonly random?: readonly number[] };
  readonly steps: readonly Step[];
}

describe.each(["client", "timeline", "changes", "presence"])("%s.json", (file) => {
  const { cases } = readVectors<{ cases: readonly Case[] }>(file);

  test.each(cases)("$id: $name", ({ options, steps }) => {
    const numbers = [...(options.random ?? [])];
    const client = new ClientMachine({ ...options, random: () => draw(numbers) });
    let now = 0;
    for (const [index, step] of steps.entries()) {
      now = step.at ?? now;
      const done = client.step(throughCodec(step.in), now);
      const at = `step ${index}: ${JSON.stringify(step.in)}`;
      if (step.do !== undefined) expect(done, at).toEqual(step.do);
      checkClient(client, step, at);
      checkRooms(client, step, at);
    }
  });
});

function draw(numbers: number[]): number {
  const next = numbers.shift();
  if (next === undefined) throw new Error("the client asked for more random numbers than expected");
  return next;
}

function throughCodec(input: Input): Input {
  if (input[0] !== "frame") return input;
  const event = decode(JSON.stringify(input[1]));
  if (event === null) throw new Error("the codec can't read this frame");
  return ["frame", event];
}

function checkClient(client: ClientMachine, step: Step, at: string): void {
  if (step.deadline !== undefined) expect(client.deadline, at).toBe(step.deadline);
  if (step.status !== undefined) expect(client.status, at).toEqual(step.status);
}

function checkRooms(client: ClientMachine, step: Step, at: string): void {
  for (const [name, lines] of Object.entries(step.view ?? {}))
    expect(view(client.room(name)), at).toEqual(lines);
  for (const [name, members] of Object.entries(step.members ?? {}))
    expect(listed(client.room(name)?.members.members), at).toEqual(members);
  for (const [name, topic] of Object.entries(step.topic ?? {}))
    expect(client.room(name)?.timeline.topic, at).toBe(topic);
  for (const [name, names] of Object.entries(step.typing ?? {}))
    expect(client.room(name)?.typingUsers.names, at).toEqual(names);
}

/** Members as the frames list them. */
function listed(members: Members | undefined): unknown {
  if (members === undefined) return undefined;
  const { away, ...others } = members;
  return away.size > 0 ? { ...others, away: [...away] } : others;
}

/** The view of a room, as the vectors describe it. */
function view(room: RoomMachine | undefined): string[] {
  if (room === undefined) return [];
  const said = room.timeline.lines.map(({ message }) =>
    message === null ? "gap" : messageLine(message),
  );
  return [...said, ...room.outbox.own.filter(({ change, seen }) => !(change ?? seen)).map(ownLine)];
}

function messageLine({ user, text, deleted, edited, reactions = [], replies }: Message): string {
  if (deleted !== undefined) return `${user}: (deleted)`;
  const counts = reactions.map(({ emoji, users }) => ` ${emoji} ${users.length}`);
  if (replies !== undefined) counts.push(` (replies ${replies.count})`);
  return `${user}: ${text}${edited === undefined ? "" : " (edited)"}${counts.join("")}`;
}

function ownLine({ key, text, state, code }: OutboxEntry): string {
  return `~ ${key}: ${text} (${state === "failed" ? `failed ${code}` : state})`;
}
