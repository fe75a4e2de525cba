import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { partCode, sharing } from "./onePage.ts";

test("a part gets what the page exports, also under the name of a function of the global object", () => {
  const page = sharing('const a=1,b=2;const load=()=>import("./part.js");export{a as at,b};');
  const part = partCode('import{at as x,b as y}from"./page-1a2b.js";found=[x,y];');
  const at = (path: string) => `/room/${path}`;
  const context = { hubbub: { at }, found: [] };

  runInNewContext(`${page}${part}`, context);

  expect(context.found).toEqual([1, 2]);
  expect(context.hubbub.at).toBe(at);
  expect(page).toContain('import(hubbub.at("parts/part.js"))');
});
