// "Server broadcast" of the README of ws, with a set of clients for each room.
import { createServer } from "node:http";
import WebSocket, { WebSocketServer } from "ws";

const rooms = new Map();

const server = createServer();
const wss = new WebSocketServer({ server });

wss.on("connection", (ws, request) => {
  const room = new URL(request.url, "http://localhost").searchParams.get("room");
  if (!rooms.has(room)) rooms.set(room, new Set());
  const clients = rooms.get(room);
  clients.add(ws);

  ws.on("error", console.error);
  ws.on("close", () => clients.delete(ws));
  ws.on("message", (data, isBinary) => {
    for (const client of clients) {
      if (client.readyState === WebSocket.OPEN) client.send(data, { binary: isBinary });
    }
  });
});

server.listen(Number(process.env.PORT), "127.0.0.1");
