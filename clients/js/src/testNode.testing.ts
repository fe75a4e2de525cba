/** The server model behind a real websocket. For tests only. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import type { Command } from "./sans-io/frames.ts";
import { ModelServer } from "./sans-io/serverModel.testing.ts";

export class TestNode {
  readonly model = new ModelServer();
  /** All received commands, over all connections. */
  readonly commands: Command[] = [];
  /** The requested path of each connection. */
  readonly paths: (string | undefined)[] = [];
  /** How many connections are sent `drain` with a reservation. */
  full = 0;
  /** Whether commands get no reply. */
  silent = false;
  /** Whether nothing is acknowledged: the replies of `sent` are lost. */
  losesReceipts = false;
  readonly #server: WebSocketServer;
  #sockets: WebSocket[] = [];

  private constructor(server: WebSocketServer) {
    this.#server = server;
    server.on("connection", (socket, request) => {
      this.paths.push(request.url);
      if (this.full-- > 0) socket.send('{"type":"drain","delay":1,"booked":true}');
      this.#sockets.push(socket);
      socket.on("message", (data) => this.#take(JSON.parse(data.toString()), socket));
      socket.on("close", () => this.model.cut());
    });
  }

  static async start(): Promise<TestNode> {
    const handleProtocols = (offered: Set<string>) => offered.has("hubbub.v1") && "hubbub.v1";
    const server = new WebSocketServer({ host: "127.0.0.1", port: 0, handleProtocols });
    await once(server, "listening");
    return new TestNode(server);
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/ws`;
  }

  #take(command: Command, socket: WebSocket): void {
    this.commands.push(command);
    if (!this.silent) this.model.take(command, true);
    this.#flush(socket);
  }

  #flush(socket: WebSocket): void {
    for (const event of this.model.line.splice(0))
      if (!(this.losesReceipts && event.type === "sent")) socket.send(JSON.stringify(event));
  }

  /** Another user sends a message. */
  say(text: string): void {
    this.model.publish("bob", "b", text);
    const socket = this.#sockets.at(-1);
    if (socket !== undefined) this.#flush(socket);
  }

  /** Close all connections with this code. */
  drop(code: number): void {
    for (const socket of this.#sockets.splice(0)) socket.close(code);
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.terminate();
    this.#server.close();
    await once(this.#server, "close");
  }
}
