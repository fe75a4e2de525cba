import { expect } from "vitest";
import { test } from "./browser.ts";

test("the page opens, names itself, and nothing in it is refused or missing", async ({
  browser,
  url,
}) => {
  await browser.page.goto(url);

  await browser.page.getByRole("heading", { name: "hubbub" }).waitFor();
  await browser.screenshot("smoke");
  expect(browser.trouble).toEqual([]);
});
