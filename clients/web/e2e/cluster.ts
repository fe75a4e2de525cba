/** Two nodes of this checkout on a real broker, and two entry points. tests/e2e/cluster.py runs them. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { python, repository, withoutOurs } from "./node.ts";

export const brokers = ["redis", "nats"] as const;

export class Cluster {
  /** The URLs of the entry points. Each prefers one node, and fails over to the other when that is dead. */
  readonly urls: readonly [string, string];
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;

  private constructor(
    child: ChildProcessWithoutNullStreams,
    answers: AsyncIterator<string>,
    ports: readonly [number, number],
  ) {
    this.urls = [`http://127.0.0.1:${ports[0]}`, `http://127.0.0.1:${ports[1]}`];
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
    const { ports } = JSON.parse(first.value) as { ports: [number, number] };
    return new Cluster(child, answers, ports);
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
