/**
 * Measure the built page in Chromium: `node bench/measure.js URL`. It prints figures as JSON, times in ms, sizes in bytes.
 *
 * The node at the URL must have no rate limits. `tests/bench/web_page.py` starts one, and prints the table.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { Speaker } from "./speaker.js";

const url = process.argv[2];
const executablePath = process.env.HUBBUB_E2E_CHROMIUM ?? "/usr/bin/chromium";
const args = ["--headless", "--no-sandbox", "--disable-gpu", "--js-flags=--expose-gc"];
const loaded = 10_000;
const keys = 100;
const appended = 100;
const floodPerSecond = 50;
const floodSeconds = 10;

const profile = await mkdtemp(join(tmpdir(), "hubbub-bench-"));
const context = await chromium.launchPersistentContext(profile, {
  executablePath,
  args,
  viewport: { width: 1280, height: 800 },
});
context.setDefaultTimeout(60_000);
try {
  process.stdout.write(`${JSON.stringify(await measure())}\n`);
} finally {
  await context.close();
  await rm(profile, { recursive: true, force: true });
}

async function measure() {
  const first = await firstVisit();
  const page = await context.newPage();
  await page.goto(`${url}/r/bench`);
  await page.getByLabel("Your name").fill("reader");
  await page.keyboard.press("Enter");
  await page.getByRole("log").waitFor();
  const speaker = await Speaker.open(url, "bench");
  await load(page, speaker);
  const rest = {
    messages: loaded,
    heap: await heapOf(page),
    keystroke: await keystrokes(page),
    append: await appends(page, speaker),
    flood: await flood(page, speaker),
  };
  speaker.close();
  return { ...first, ...rest };
}

/** Load the page with a processor that is four times slower, until its field can be used. */
async function firstVisit() {
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Emulation.setCPUThrottlingRate", { rate: 4 });
  let transferred = 0;
  session.on("Network.loadingFinished", ({ encodedDataLength }) => {
    transferred += encodedDataLength;
  });
  await page.addInitScript(() => {
    const look = () => {
      if (document.querySelector("input") === null) return requestAnimationFrame(look);
      // A task after the frame: the page answers again.
      setTimeout(() => Object.assign(window, { interactive: performance.now() }));
    };
    requestAnimationFrame(look);
  });
  await page.goto(url);
  await page.waitForFunction(() => window.interactive !== undefined);
  const interactive = await page.evaluate(() => window.interactive);
  const visit = { transferred, interactive };
  await page.close();
  return visit;
}

/** Fill the room while the user reads above its end, so that the page keeps all messages. */
async function load(page, speaker) {
  await speaker.say(200);
  await page.getByText("line 199", { exact: true }).waitFor();
  await page.getByRole("log").evaluate((log) => log.scrollTo(0, log.scrollHeight - 2_000));
  await page.getByRole("button", { name: "Go to latest" }).waitFor();
  await speaker.say(loaded - 200);
  await page.getByRole("button", { name: `${loaded - 200} new` }).waitFor({ timeout: 60_000 });
}

async function heapOf(page) {
  const session = await context.newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  await session.detach();
  return usedSize;
}

/** The time from a key to the end of the frame that shows it. */
async function keystrokes(page) {
  await page.getByRole("textbox", { name: /^Message to/ }).focus();
  await page.evaluate(() => {
    window.times = [];
    const press = ({ timeStamp }) =>
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => window.times.push(performance.now() - timeStamp);
        port2.postMessage(null);
      });
    window.addEventListener("keydown", press, { capture: true });
  });
  for (let count = 0; count < keys; count += 1)
    await page.keyboard.press("abcdefgh"[count % 8], { delay: 30 });
  return spread(await page.evaluate(() => window.times));
}

/** How long the page works on one message at the end of the list: the longest frame around it, less its idle time. */
async function appends(page, speaker) {
  await page.getByRole("button", { name: /new$/ }).click();
  await page.getByText(`line ${loaded - 1}`, { exact: true }).waitFor();
  const session = await context.newCDPSession(page);
  await session.send("Performance.enable");
  const busy = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return 1_000 * metrics.find(({ name }) => name === "TaskDuration").value;
  };
  const times = [];
  for (let count = 0; count < appended; count += 1) {
    const before = await busy();
    const [last] = await speaker.say(1);
    await page.getByText(last, { exact: true }).waitFor();
    times.push((await busy()) - before);
  }
  await session.detach();
  return spread(times);
}

/** The longest time between two frames while many messages come. */
async function flood(page, speaker) {
  await page.evaluate(() => {
    window.gaps = [];
    let before = performance.now();
    const next = (now) => {
      window.gaps.push(now - before);
      before = now;
      requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  });
  await speaker.sayAt(floodPerSecond, floodSeconds);
  return spread(await page.evaluate(() => window.gaps));
}

function spread(times) {
  const sorted = [...times].sort((one, other) => one - other);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return { median: at(0.5), p95: at(0.95), most: at(1) };
}
