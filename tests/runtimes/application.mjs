// A program with the TypeScript SDK: it says hello, waits for an answer, and reads the history.
// Arguments: the built SDK, and the address of a server.
const [sdk, url] = process.argv.slice(2);
const { createClient } = await import(sdk);
const client = createClient({ url, name: "greeter" });
client.connect();
const room = client.room("lobby");
const messages = room.messages();
room.join();
const { offset } = await room.send("hello").done;
console.log(`stored ${offset}`);
for await (const { message } of messages) {
  if (client.wrote(message)) continue;
  console.log(`${message.user}: ${message.text}`);
  break;
}
console.log(room.snapshot.rows.map(({ message }) => message?.text).join(", "));
client.close();
