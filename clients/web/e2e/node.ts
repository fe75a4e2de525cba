/** A node of this checkout for the browser tests, on a free port. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const web = fileURLToPath(new URL("..", import.meta.url));
export const repository = resolve(web, "../..");
export const python = resolve(web, process.env.HUBBUB_E2E_PYTHON ?? "../../.venv/bin/python");
const timeout = 20_000;

/** Why no node can be started; null if it can. */
export function missing(): string | null {
  return existsSync(python) ? null : `There is no Python at ${python}: set HUBBUB_E2E_PYTHON.`;
}

/** Starts a node that serves another build of the page: `PAGE_OF_TEST` among the settings. */
const withPage = `
import pathlib, sys
from service.http import page
page.add_routes.__defaults__ = (pathlib.Path(sys.argv.pop()),)
from service.__main__ import main
sys.exit(main())
`;

type Settings = Readonly<Record<string, string>>;

/** Settings without rate limits, for tests that send much. */
export const unlimited: Settings = {
  HUBBUB_SENDS_PER_SECOND: "100000",
  HUBBUB_SENDS_BURST: "100000",
  HUBBUB_ADMISSIONS_PER_SECOND: "100000",
  HUBBUB_ADMISSIONS_BURST: "100000",
  HUBBUB_BYTES_PER_SECOND: "1000000000",
  HUBBUB_ADMISSIONS_PER_ADDRESS: "1000000",
  HUBBUB_CONNECTIONS_PER_ADDRESS: "1000000",
  HUBBUB_NAMES_PER_ADDRESS: "1000000",
  HUBBUB_REQUESTS_PER_ADDRESS: "1000000",
  HUBBUB_NEW_ROOMS_PER_HOUR: "1000000",
};

export class Node {
  readonly url: string;
  readonly #port: number;
  readonly #settings: Settings;
  #process: ChildProcess | null = null;

  private constructor(port: number, settings: Settings) {
    this.#port = port;
    this.#settings = settings;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start(settings: Settings = {}): Promise<Node> {
    const node = new Node(await freePort(), settings);
    await node.start();
    return node;
  }

  /** Start it, on the same port as before. */
  async start(): Promise<void> {
    const { PAGE_OF_TEST: folder, ...settings } = this.#settings;
    const command = folder === undefined ? ["-m", "service"] : ["-c", withPage, folder];
    const child = spawn(python, command, {
      cwd: repository,
      env: {
        ...withoutSettings(),
        BROKER: "memory",
        HUBBUB_PORT: `${this.#port}`,
        HUBBUB_HOST: "127.0.0.1",
        ...settings,
      },
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#process = child;
    let errors = "";
    child.stderr.on("data", (text) => {
      errors = `${errors}${text}`.slice(-2_000);
    });
    const until = Date.now() + timeout;
    while (!(await this.#isReady())) {
      if (child.exitCode !== null || Date.now() > until)
        throw new Error(`The node did not become ready.\n${errors}`);
      await pause(100);
    }
  }

  async #isReady(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/health/ready`)).ok;
    } catch {
      return false;
    }
  }

  /** Kill it, as a power failure would. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null) return;
    child.kill(signal);
    const slow = setTimeout(() => child.kill("SIGKILL"), 5_000);
    await once(child, "exit");
    clearTimeout(slow);
  }
}

/** The environment without HUBBUB_ variables: a node rejects unknown ones. */
export function withoutSettings(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(([name]) => !name.startsWith("HUBBUB_"));
  return Object.fromEntries(entries);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (typeof address !== "object" || address === null) throw new Error("no port was assigned");
  return address.port;
}
