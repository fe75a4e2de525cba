// Rooms as the documentation of socket.io has them; over Redis with the streams adapter.
import { createAdapter } from "@socket.io/redis-streams-adapter";
import { createClient } from "redis";
import { Server } from "socket.io";

const options = { connectionStateRecovery: {} };
if (process.env.REDIS_URL) {
  const redis = createClient({ url: process.env.REDIS_URL });
  await redis.connect();
  options.adapter = createAdapter(redis);
}

const io = new Server(options);

io.on("connection", (socket) => {
  socket.on("join", async (room, joined) => {
    await socket.join(room);
    joined();
  });
  socket.on("message", (room, text) => {
    io.to(room).emit("message", text);
  });
});

io.listen(Number(process.env.PORT));
