/** Two nodes of this checkout on a real broker, and a door for each person: tests/e2e/cluster.py runs them. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { python, repository, withoutOurs } from "./node.ts";

export const brokers = ["redis", "nats"] as const;

export class Cluster {
  /** Two addresses. Each leads to a node of its own, and to the other one when that is dead. */
  readonly doors: readonly [string, string];
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;

  private constructor(
    child: ChildProcessWithoutNullStreams,
    answers: AsyncIterator<string>,
    ports: readonly [number, number],
  ) {
    this.doors = [`http://127.0.0.1:${ports[0]}`, `http://127.0.0.1:${ports[1]}`];
    this.#process = child;
    this.#answers = answers;
  }

  static async start(broker: (typeof brokers)[number]): Promise<Cluster> {
    const child = spawn(python, ["-m", "tests.e2e.cluster", broker], {
      cwd: repository,
      env: withoutOurs(),
    });
    let complaint = "";
    child.stderr.on("data", (text) => {
      complaint = `${complaint}${text}`.slice(-2_000);
    });
    const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const first = await answers.next();
    if (first.done === true) throw new Error(`The cluster did not start.\n${complaint}`);
    const { doors } = JSON.parse(first.value) as { doors: [number, number] };
    return new Cluster(child, answers, doors);
  }

  /** End a node or the broker as a power cut would, or start it again and wait until all is ready. */
  async order(what: "kill" | "start", which: 0 | 1 | "broker"): Promise<void> {
    this.#process.stdin.write(`${what} ${which}\n`);
    const answer = await this.#answers.next();
    if (answer.value !== "done") throw new Error(`The cluster did not ${what} ${which}.`);
  }

  async stop(): Promise<void> {
    this.#process.stdin.end();
    if (this.#process.exitCode === null) await once(this.#process, "exit");
  }
}
