/** The built package, as an application without our tools uses it. */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const run = promisify(execFile);
const folder = fileURLToPath(new URL("..", import.meta.url));
const compiler = join(
  dirname(createRequire(import.meta.url).resolve("typescript/package.json")),
  "bin/tsc",
);

const application = `
import { createClient, type Message, NotSent } from "@hubbub/client";
const names: string[] = [];
const show = ({ user }: Message) => names.push(user);
try {
  createClient({ url: "https://chat.example.org", name: "bot" }).room("lobby").onMessage(show);
} catch (error) {
  console.log((error as Error).name, typeof NotSent);
}
`;

const component = `
import { createClient, type RoomSnapshot } from "@hubbub/client";
import { useRoom, useStatus } from "@hubbub/client/react";
const client = createClient({ url: "https://chat.example.org" });
export function rows(): RoomSnapshot["rows"] {
  const [snapshot, room] = useRoom(client, "lobby");
  if (useStatus(client).state === "online") room.send(room.name);
  // @ts-expect-error a room has a name
  useRoom(client);
  return snapshot.rows;
}
`;

const options = {
  compilerOptions: {
    lib: ["ES2023"],
    types: [],
    module: "nodenext",
    strict: true,
    target: "ES2023",
    skipLibCheck: false,
  },
  files: ["application.ts", "component.ts", "console.d.ts"],
};

test("the package is typed without the DOM, and runs on Node.js", {
  timeout: 120_000,
}, async () => {
  const place = await mkdtemp(join(tmpdir(), "hubbub-package-"));
  try {
    await run("node", [join(folder, "scripts/build.js")]);
    await mkdir(join(place, "node_modules/@hubbub"), { recursive: true });
    await cp(join(folder, "dist"), join(place, "node_modules/@hubbub/client"), { recursive: true });
    await writeFile(join(place, "package.json"), JSON.stringify({ type: "module" }));
    await writeFile(join(place, "tsconfig.json"), JSON.stringify(options));
    await writeFile(join(place, "application.ts"), application);
    await writeFile(join(place, "component.ts"), component);
    await writeFile(
      join(place, "console.d.ts"),
      "declare const console: { log(...all: unknown[]): void };",
    );
    await run("node", [compiler, "--project", place]);
    const { stdout } = await run("node", ["application.js"], { cwd: place });
    // Node.js has a WebSocket of its own since version 22.
    expect(stdout.trim()).toMatch(/^$|^TypeError function$/);
  } finally {
    await rm(place, { recursive: true, force: true });
  }
});
