/** A reverse proxy for the tests: each request goes to the next node, below a path prefix that it removes. */
import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  request as passRequest,
  type Server,
  type ServerResponse,
} from "node:http";
import { type AddressInfo, connect } from "node:net";
import type { Duplex } from "node:stream";

export class Balancer {
  readonly #nodes: readonly string[];
  readonly #prefix: string;
  readonly #server: Server;
  #turn = 0;

  private constructor(nodes: readonly string[], prefix: string) {
    this.#nodes = nodes;
    this.#prefix = prefix;
    this.#server = createServer((asked, answer) => this.#pass(asked, answer));
    this.#server.on("upgrade", (asked, socket, head) => this.#upgrade(asked, socket, head));
  }

  static async start(nodes: readonly string[], prefix = ""): Promise<Balancer> {
    const balancer = new Balancer(nodes, prefix);
    balancer.#server.listen(0, "127.0.0.1");
    await once(balancer.#server, "listening");
    return balancer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${this.#prefix}`;
  }

  #next(): URL {
    this.#turn += 1;
    return new URL(this.#nodes[this.#turn % this.#nodes.length] ?? "");
  }

  /** The path at the node; null outside of the prefix. */
  #path({ url = "" }: IncomingMessage): string | null {
    return url.startsWith(`${this.#prefix}/`) ? url.slice(this.#prefix.length) : null;
  }

  #pass(asked: IncomingMessage, answer: ServerResponse): void {
    const path = this.#path(asked);
    if (path === null) {
      answer.writeHead(404).end();
      return;
    }
    const { hostname, port } = this.#next();
    const { method, headers } = asked;
    const passed = passRequest({ hostname, port, path, method, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    asked.pipe(passed);
  }

  #upgrade(asked: IncomingMessage, socket: Duplex, head: Buffer): void {
    const path = this.#path(asked);
    if (path === null) {
      socket.destroy();
      return;
    }
    const { hostname, port } = this.#next();
    const node = connect(Number(port), hostname, () => {
      const fields = Object.entries(asked.headers).map(([name, value]) => `${name}: ${value}\r\n`);
      node.write(`GET ${path} HTTP/1.1\r\n${fields.join("")}\r\n`);
      node.write(head);
      node.pipe(socket).pipe(node);
    });
    node.on("error", () => socket.destroy());
    socket.on("error", () => node.destroy());
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}
