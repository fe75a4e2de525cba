#!/usr/bin/env node
/**
 * Starts Firefox for Playwright, and passes WebDriver BiDi messages between them. Playwright sets what a browser
 * emulates at each start, also with commands that this Firefox lacks; those have no effect here, instead of an error.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { WebSocket, WebSocketServer } from "ws";

const announcement = /^WebDriver BiDi listening on (ws:.*)$/;

const executable = process.env.HUBBUB_E2E_FIREFOX ?? "firefox-esr";
const firefox = spawn(executable, process.argv.slice(2), { stdio: ["ignore", "inherit", "pipe"] });
firefox.on("error", (error) => {
  process.stderr.write(`${executable} did not start: ${error.message}\n`);
  process.exit(1);
});
firefox.on("exit", (code) => process.exit(code ?? 1));
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => firefox.kill(signal));

createInterface({ input: firefox.stderr }).on("line", (line) => {
  const [, url] = announcement.exec(line) ?? [];
  if (url === undefined) process.stderr.write(`${line}\n`);
  else serve(`${url}/session`);
});

/** Listen for Playwright, and announce the address as Firefox does. */
function serve(url) {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 }, () => {
    process.stderr.write(`WebDriver BiDi listening on ws://127.0.0.1:${server.address().port}\n`);
  });
  server.on("connection", (playwright) => connect(playwright, new WebSocket(url)));
}

function connect(playwright, browser) {
  const waiting = [];
  const emulations = new Set();
  playwright.on("message", (data) => {
    const text = String(data);
    const { id, method } = JSON.parse(text);
    if (method.startsWith("emulation.")) emulations.add(id);
    if (browser.readyState === WebSocket.OPEN) browser.send(text);
    else waiting.push(text);
  });
  browser.on("open", () => {
    for (const text of waiting.splice(0)) browser.send(text);
  });
  browser.on("message", (data) => {
    const { id, error } = JSON.parse(String(data));
    const isLacking = emulations.delete(id) && error === "unknown command";
    playwright.send(isLacking ? JSON.stringify({ type: "success", id, result: {} }) : String(data));
  });
  playwright.on("close", () => browser.close());
  browser.on("close", () => playwright.close());
  browser.on("error", () => playwright.close());
}
