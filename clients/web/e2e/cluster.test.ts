import type { Page } from "playwright-core";
import { expect } from "vitest";
import { test } from "./browser.ts";
import { brokers, Cluster } from "./cluster.ts";
import { hears, messages, newRoom, say, sitDown } from "./people.ts";
import { noScreen, Screen } from "./screen.ts";

for (const broker of brokers)
  test(`a browser on one node and a terminal on the other chat over ${broker}, whatever dies`, {
    timeout: 120_000,
  }, async ({ browser, skip, onTestFinished }) => {
    const reason = noScreen();
    if (reason !== null) return skip(reason);
    const cluster = await Cluster.start(broker);
    onTestFinished(() => cluster.stop());
    const room = newRoom();
    const { page: ann } = browser;
    await sitDown(ann, cluster.urls[0], room, "ann");
    const bob = new Screen(cluster.urls[1], room, "bob");
    onTestFinished(() => bob.close());
    await bob.shows("online as bob");

    await chat(ann, bob);
    await browser.screenshot(`cluster-${broker}`);
    await brokerDies(cluster, ann, bob);
    await nodesDie(cluster, ann, bob);
    await bothAreHere(ann, bob);
    await browser.screenshot(`cluster-${broker}-after`);
    const said = await messages(ann).locator("li p[dir]").allTextContents();
    expect(new Set(said).size).toBe(said.length);
    await expect.poll(() => bob.said(["ann", "bob"])).toEqual(said);
    expect(said).toHaveLength(10);
  });

/** Both see who is there, that the other one writes, and what they say. */
async function chat(ann: Page, bob: Screen): Promise<void> {
  await bothAreHere(ann, bob);
  await ann.getByRole("textbox", { name: /^Message to/ }).fill("hello bob");
  await bob.shows("ann is typing");
  await ann.keyboard.press("Enter");
  await bob.shows("ann hello bob");
  bob.type("hello ann");
  await ann.getByText("bob is typing").waitFor();
  bob.enter();
  await hears(ann, "hello ann");
}

async function bothAreHere(ann: Page, bob: Screen): Promise<void> {
  await ann.getByText("Here now 2").waitFor();
  await bob.shows("2 here");
}

/** What is said while nothing can be stored is stored when it can. */
async function brokerDies(cluster: Cluster, ann: Page, bob: Screen): Promise<void> {
  await cluster.order("kill", "broker");
  await say(ann, "nobody keeps this");
  bob.say("nor this");
  await ann.getByText("Sending…").waitFor();
  await cluster.order("start", "broker");
  await hears(ann, "nor this");
  await bob.shows("nobody keeps this");
  await say(ann, "but now");
  await bob.shows("but now");
  bob.say("it is kept");
  await hears(ann, "it is kept");
  await expect.poll(() => ann.getByText("Sending…").count()).toBe(0);
}

/** Each loses a node, and is given at the other what was said meanwhile. */
async function nodesDie(cluster: Cluster, ann: Page, bob: Screen): Promise<void> {
  await cluster.order("kill", 0);
  bob.say("your node is dead");
  await say(ann, "I did not notice");
  await hears(ann, "your node is dead");
  await bob.shows("I did not notice");
  await cluster.order("start", 0);
  await cluster.order("kill", 1);
  await say(ann, "now yours is");
  bob.say("so I moved");
  await hears(ann, "so I moved");
  await bob.shows("now yours is");
  await cluster.order("start", 1);
}
