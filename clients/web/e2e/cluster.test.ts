import type { Page } from "playwright-core";
import { expect } from "vitest";
import { test } from "./browser.ts";
import { brokers, Cluster } from "./cluster.ts";
import { missingTmux, TerminalScreen } from "./terminalScreen.ts";
import { messages, newRoom, say, sees, signIn } from "./users.ts";

for (const broker of brokers)
  test(`a browser on one node and a terminal on the other chat over ${broker}, whatever dies`, {
    timeout: 120_000,
  }, async ({ browser, skip, onTestFinished }) => {
    const reason = missingTmux();
    if (reason !== null) return skip(reason);
    const cluster = await Cluster.start(broker);
    onTestFinished(() => cluster.stop());
    const room = newRoom();
    const { page: ann } = browser;
    await signIn(ann, cluster.addresses[0], room, "ann");
    const bob = new TerminalScreen(cluster.addresses[1], room, "bob");
    onTestFinished(() => bob.close());
    await bob.shows("online as bob");

    await chat(ann, bob);
    await browser.screenshot(`cluster-${broker}`);
    await brokerDies(cluster, ann, bob);
    await nodesDie(cluster, ann, bob);
    await bothAreMembers(ann, bob);
    await browser.screenshot(`cluster-${broker}-after`);
    const said = await messages(ann).locator("[data-row] > [dir]").allTextContents();
    expect(new Set(said).size).toBe(said.length);
    await expect.poll(() => bob.said(["ann", "bob"])).toEqual(said);
    expect(said).toHaveLength(10);
  });

/** Both users see the members, the other one typing, and all messages. */
async function chat(ann: Page, bob: TerminalScreen): Promise<void> {
  await bothAreMembers(ann, bob);
  await ann.getByRole("textbox", { name: /^Message to/ }).fill("hello bob");
  await bob.shows("ann is typing");
  await ann.keyboard.press("Enter");
  await bob.shows("ann hello bob");
  bob.type("hello ann");
  await ann.getByText("bob is typing").waitFor();
  bob.enter();
  await sees(ann, "hello ann");
}

async function bothAreMembers(ann: Page, bob: TerminalScreen): Promise<void> {
  await ann.getByText("Members 2").waitFor();
  await bob.shows("2 here");
}

/** Messages that are sent while the broker is down are stored once it is back. */
async function brokerDies(cluster: Cluster, ann: Page, bob: TerminalScreen): Promise<void> {
  await cluster.request("kill", "broker");
  await say(ann, "not in the history");
  bob.say("nor this");
  await ann.getByText(/^Not sent yet: the server can't store messages now/).waitFor();
  await cluster.request("start", "broker");
  await sees(ann, "nor this");
  await bob.shows("not in the history");
  await say(ann, "but now");
  await bob.shows("but now");
  bob.say("it is kept");
  await sees(ann, "it is kept");
  await expect.poll(() => ann.getByText(/^(Sending|Not sent yet)/).count()).toBe(0);
}

/** Each user loses a node, and recovers missed messages on the other. */
async function nodesDie(cluster: Cluster, ann: Page, bob: TerminalScreen): Promise<void> {
  await cluster.request("kill", 0);
  bob.say("your node is dead");
  await say(ann, "I did not notice");
  await sees(ann, "your node is dead");
  await bob.shows("I did not notice");
  await cluster.request("start", 0);
  await cluster.request("kill", 1);
  await say(ann, "now yours is");
  bob.say("so I moved");
  await sees(ann, "so I moved");
  await bob.shows("now yours is");
  await cluster.request("start", 1);
}
