/** Two nodes of this checkout on a real broker, and a proxy for each user, run by tests/e2e/cluster.py. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { python, repository, withoutSettings } from "./node.ts";

export const brokers = ["redis", "nats"] as const;

export class Cluster {
  /** The addresses of two proxies. Each forwards to its own node, or to the other one if that is down. */
  readonly addresses: readonly [string, string];
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;

  private constructor(
    child: ChildProcessWithoutNullStreams,
    answers: AsyncIterator<string>,
    ports: readonly [number, number],
  ) {
    this.addresses = [`http://127.0.0.1:${ports[0]}`, `http://127.0.0.1:${ports[1]}`];
    this.#process = child;
    this.#answers = answers;
  }

  static async start(broker: (typeof brokers)[number]): Promise<Cluster> {
    const child = spawn(python, ["-m", "tests.e2e.cluster", broker], {
      cwd: repository,
      env: withoutSettings(),
    });
    let errors = "";
    child.stderr.on("data", (text) => {
      errors = `${errors}${text}`.slice(-2_000);
    });
    const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const first = await answers.next();
    if (first.done === true) throw new Error(`The cluster did not start.\n${errors}`);
    const { ports } = JSON.parse(first.value) as { ports: [number, number] };
    return new Cluster(child, answers, ports);
  }

  /** Kill a node or the broker, or start it again and wait until everything is ready. */
  async request(what: "kill" | "start", which: 0 | 1 | "broker"): Promise<void> {
    this.#process.stdin.write(`${what} ${which}\n`);
    const answer = await this.#answers.next();
    if (answer.value !== "done") throw new Error(`The cluster did not ${what} ${which}.`);
  }

  async stop(): Promise<void> {
    this.#process.stdin.end();
    if (this.#process.exitCode === null) await once(this.#process, "exit");
  }
}
