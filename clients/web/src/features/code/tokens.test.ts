import fc from "fast-check";
import { expect, test } from "vitest";
import { languages } from "./languages.ts";
import { longest, most, tokensOf } from "./tokens.ts";

/** Write tokens in a short form: `keyword(let)` and so on. */
function form(language: string, text: string): string | undefined {
  return tokensOf(language, text)
    ?.map(({ kind, text }) => (kind === null ? text : `${kind}(${text})`))
    .join("");
}

test.each([
  [
    "python",
    "@dataclass\ndef add(x): # sum\n    return f\"{x}\" + '''a\nb''' + 1_0.5e3",
    "name(@dataclass)\nkeyword(def) name(add)(x): comment(# sum)\n    keyword(return) f" +
      "string(\"{x}\") + string('''a\nb''') + number(1_0.5e3)",
  ],
  [
    "ts",
    'const día = "a\\"b"; // say\n/* two\nlines */ f(`x\ndía`, 0xff)',
    'keyword(const) día = string("a\\"b"); comment(// say)\ncomment(/* two\nlines */) ' +
      "name(f)(string(`x\ndía`), number(0xff))",
  ],
  ["json", '{"a": [true, "b", -1]}', '{name("a"): [keyword(true), string("b"), -number(1)]}'],
  [
    "bash",
    `for f in "$x" $HOME; do echo \${#a} 'it' # all\ndone`,
    `keyword(for) f keyword(in) string("$x") name($HOME); keyword(do) keyword(echo) name(\${#a}) ` +
      "string('it') comment(# all)\nkeyword(done)",
  ],
  ["yaml", "a-b: don't # ?\nc: 'd'", "name(a-b): don't comment(# ?)\nname(c): string('d')"],
  [
    "sql",
    "Select 'it''s' FROM t -- all",
    "keyword(Select) string('it')string('s') keyword(FROM) t comment(-- all)",
  ],
  [
    "go",
    "func f() { c := 'x'; x := `a\nb` }",
    "keyword(func) name(f)() { c := string('x'); x := string(`a\nb`) }",
  ],
  [
    "rust",
    "fn f<'a>(c: &'a str) -> char { '\\n' }",
    "keyword(fn) f<'a>(c: &'a str) -> char { string('\\n') }",
  ],
  [
    "java",
    '@Override public int f() { return "x"; }',
    'name(@Override) keyword(public) keyword(int) name(f)() { keyword(return) string("x"); }',
  ],
  [
    "c",
    "#include <a.h>\nint main(void);",
    "keyword(#include) <a.h>\nkeyword(int) name(main)(keyword(void));",
  ],
  ["c++", "std::move(x)", "std::name(move)(x)"],
  [
    "css",
    "a:hover { color: #fff; margin: 1px !important }",
    "name(a):hover { name(color): number(#fff); name(margin): number(1px) keyword(!important) }",
  ],
  [
    "html",
    '<!-- x --><a b="c">d</a>',
    'comment(<!-- x -->)keyword(<a) name(b)=string("c")keyword(>)dkeyword(</a)keyword(>)',
  ],
  [
    "diff",
    "--- a\n@@ -1 +1 @@\n-old\n+new\n same",
    "comment(--- a)\nkeyword(@@ -1 +1 @@)\nremoved(-old)\nstring(+new)\n same",
  ],
  ["md", "# Title\n- `x` and\n> y", "keyword(# Title)\nname(- )string(`x`) and\ncomment(> y)"],
  [
    "dockerfile",
    "FROM a AS b # c\nRUN echo $x",
    "keyword(FROM) a keyword(AS) b comment(# c)\nkeyword(RUN) echo name($x)",
  ],
])("%s: %j", (language, text, expected) => {
  expect(form(language, text)).toBe(expected);
});

test("an unknown language and a long text get no colours", () => {
  for (const name of ["", "text", "constructor", "__proto__"])
    expect(tokensOf(name, "let x")).toBeNull();
  expect(tokensOf("js", "x".repeat(longest))).not.toBeNull();
  expect(tokensOf("js", "x".repeat(longest + 1))).toBeNull();
});

test("after many tokens the rest has the colour of the text", () => {
  const text = "f(1,".repeat(most);
  const tokens = tokensOf("js", text) ?? [];
  expect(tokens.filter(({ kind }) => kind !== null)).toHaveLength(most);
  expect(tokens.map((token) => token.text).join("")).toBe(text);
});

const names = Object.keys(languages);

const pieces =
  "a|a |1|1e|0x|1_|\"|'|`|\\|\\\"|/*|*/|//|#|# |#[|--|\n|\t| |<|<a |<a b=|<!--|<script>|</|\"\"\"|'''|$|$\u007b|$(|{{|(|[a](|@a(|@|f(|a-|-a|- |+|>|a:|\n a: |'a|'\\|\n#|\n-|*|é|\u{1f600}".split(
    "|",
  );

test("tokens are the whole text", () => {
  const text = fc
    .array(fc.constantFrom(...pieces), { maxLength: 100 })
    .map((some) => some.join(""));
  fc.assert(
    fc.property(fc.constantFrom(...names), text, (language, text) => {
      expect(
        tokensOf(language, text)
          ?.map((token) => token.text)
          .join(""),
      ).toBe(text);
    }),
  );
});

test("a hostile text of the greatest length takes little time", () => {
  let slowest = 0;
  for (const language of names)
    for (const piece of pieces) {
      const start = process.cpuUsage();
      tokensOf(language, piece.repeat(longest / piece.length));
      slowest = Math.max(slowest, process.cpuUsage(start).user / 1000);
    }
  expect(slowest).toBeLessThan(100);
});
