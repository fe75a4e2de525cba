/** The languages of code blocks: their words, and the patterns of what isn't a word. */

export type Kind = "keyword" | "name" | "string" | "number" | "comment" | "removed";

export interface Language {
  /** It finds everything that may get a colour: its first group is of the first kind, and so on, the last is a word. */
  readonly scanner: RegExp;
  readonly kinds: readonly Kind[];
  readonly keywords: ReadonlySet<string>;
  readonly ignoresCase: boolean;
  /** A word before this sign is a name. */
  readonly names: ":" | "(" | "=" | null;
}

/** Up to the end of the text, where the end is missing. */
const upTo = (end: string) => `[^]*?(?:${end}|(?![^]))`;
const quoted = (quote: string) => `${quote}(?:[^${quote}\\\\\\n]|\\\\[^])*${quote}?`;

const number = "0[xXbBoO][\\da-fA-F_]+|\\d[\\d_]*(?:\\.\\d+)?(?:[eE][+-]?\\d+)?\\w*";
const word = "[\\p{L}_$][\\p{L}\\p{N}_$]*";
const dashedWord = `${word}(?:-[\\p{L}\\p{N}_$]+)*`;

const double = ["string", quoted('"')] as const;
const single = ["string", quoted("'")] as const;
const template = ["string", "`(?:[^`\\\\]|\\\\[^])*`?"] as const;
const character = ["string", "'(?:\\\\[^\\n]{1,9}?|[^\\\\'\\n])'"] as const;
const slashes = ["comment", "//.*"] as const;
const block = ["comment", `/\\*${upTo("\\*/")}`] as const;
const hash = ["comment", "(?<!\\S)#.*"] as const;
const tripled = ["string", `"""${upTo('"""')}|'''${upTo("'''")}`] as const;
const variable = ["name", "\\$(?:\\{[^}\\n]*\\}?|[\\w@#?*!$-]\\w*)"] as const;

type Pattern = readonly [Kind, string];

interface Parts {
  /**
   * In the order in which they are tried at each place. None may read far and then fail: what is not closed reaches
   * to the end of its line or of the text. So the time grows with the length of the text, whatever the text is.
   */
  readonly patterns: readonly Pattern[];
  readonly keywords?: string;
  readonly ignoresCase?: boolean;
  readonly names?: Language["names"];
}

function language({ patterns, keywords = "", ignoresCase = false, names = "(" }: Parts): Language {
  const all: readonly Pattern[] = [...patterns, ["number", number]];
  const groups = [...all.map(([, pattern]) => pattern), names === "(" ? word : dashedWord];
  return {
    scanner: new RegExp(groups.map((group) => `(${group})`).join("|"), "gmu"),
    kinds: all.map(([kind]) => kind),
    keywords: new Set(keywords.split(" ")),
    ignoresCase,
    names,
  };
}

const curly =
  "break case class const continue default do else enum false for if return static switch this true void while";
const throwing =
  "abstract catch extends finally implements import interface new null package private protected " +
  "public super throw throws try";
const script = `${curly} ${throwing} as async await delete export from function get in instanceof let of set typeof undefined var yield`;
const c = `${curly} auto char double extern float goto inline int long short signed sizeof struct typedef union unsigned NULL`;
const preprocessor = ["keyword", "^[ \\t]*#[ \\t]*\\w+"] as const;

const javascript = language({
  patterns: [slashes, block, double, single, template],
  keywords: script,
});
const typescript = language({
  patterns: [slashes, block, double, single, template],
  keywords: `${script} any boolean declare is keyof never number readonly satisfies string symbol type unknown`,
});
const python = language({
  patterns: [["comment", "#.*"], tripled, double, single, ["name", "@[\\w.]+"]],
  keywords:
    "and as assert async await break case class continue def del elif else except False finally for from global if " +
    "import in is lambda match None nonlocal not or pass raise return self True try while with yield",
});
const shell = language({
  patterns: [hash, double, ["string", "'[^']*'?"], variable],
  keywords:
    "case cd do done echo elif else esac exec exit export fi for function if in local read return set shift sudo " +
    "then until while",
  names: null,
});
const xml = language({
  patterns: [
    ["comment", `<!--${upTo("-->")}`],
    ["keyword", "<[!?][\\w-]*|</?[\\w:.-]*|[/?]?>"],
    ["string", '"[^"<]*"?'],
  ],
  names: "=",
});
const css = language({
  patterns: [
    block,
    double,
    single,
    ["keyword", "@[\\w-]+|![a-z]+"],
    ["number", "#[\\da-fA-F]{3,8}(?![\\w-])"],
  ],
  names: ":",
});
const yaml = language({
  patterns: [
    hash,
    double,
    ["string", `(?<!\\w)${single[1]}`],
    ["keyword", "^(?:---|\\.\\.\\.)$|[&*]\\w+"],
  ],
  keywords: "true false null yes no on off",
  names: ":",
});

export const languages: Readonly<Record<string, Language>> = {
  javascript,
  typescript,
  python,
  bash: shell,
  xml,
  css,
  yaml,
  json: language({ patterns: [slashes, block, double], keywords: "true false null", names: ":" }),
  sql: language({
    patterns: [["comment", "--.*"], block, ["string", "'[^']*'?"], ["name", '"[^"\\n]*"?']],
    keywords:
      "add all alter and as asc begin between by case check column commit constraint create cross default delete " +
      "desc distinct drop else end exists foreign from full group having if in index inner insert into is join key " +
      "left like limit not null offset on or order outer over partition primary references returning right " +
      "rollback select set table then union unique update using values view when where with",
    ignoresCase: true,
  }),
  go: language({
    patterns: [slashes, block, double, ["string", "`[^`]*`?"], character],
    keywords:
      `${curly} any bool byte chan defer error fallthrough func go import int interface map nil package range ` +
      "rune select string struct type var",
  }),
  rust: language({
    patterns: [slashes, block, double, character, ["name", "#!?\\[[^\\]\\n]*\\]?"]],
    keywords:
      "as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod " +
      "move mut pub ref return self Self static struct super trait true type unsafe use where while",
  }),
  java: language({
    patterns: [slashes, block, tripled, double, character, ["name", "@\\w+"]],
    keywords: `${curly} ${throwing} boolean byte char double final float instanceof int long record short var`,
  }),
  c: language({ patterns: [slashes, block, double, character, preprocessor], keywords: c }),
  cpp: language({
    patterns: [slashes, block, double, character, preprocessor],
    keywords:
      `${c} ${throwing} bool constexpr delete explicit friend namespace noexcept nullptr operator override template ` +
      "typename using virtual",
  }),
  diff: language({
    patterns: [
      ["comment", "^(?:diff|index|\\+\\+\\+|---) .*"],
      ["keyword", "^@@.*"],
      ["string", "^\\+.*"],
      ["removed", "^-.*"],
    ],
    names: null,
  }),
  markdown: language({
    patterns: [
      ["keyword", "^#{1,6} .*"],
      ["comment", "^>.*"],
      ["string", "`[^`\\n]*`?"],
      ["name", "^[ \\t]*(?:[-*+]|\\d{1,9}[.)]) "],
    ],
    names: null,
  }),
  dockerfile: language({
    patterns: [hash, double, single, variable],
    keywords:
      "ADD ARG AS CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR",
    names: null,
  }),
};

const aliases: Readonly<Record<string, string>> = {
  "c++": "cpp",
  docker: "dockerfile",
  golang: "go",
  h: "c",
  hpp: "cpp",
  html: "xml",
  js: "javascript",
  jsx: "javascript",
  md: "markdown",
  patch: "diff",
  py: "python",
  rs: "rust",
  sh: "bash",
  shell: "bash",
  svg: "xml",
  ts: "typescript",
  tsx: "typescript",
  yml: "yaml",
  zsh: "bash",
};

const byName = new Map(Object.entries(languages));
for (const [name, of] of Object.entries(aliases)) byName.set(name, languages[of] as Language);

/** Return the language of this name, in small letters; null if its words are not known here. */
export function languageOf(name: string): Language | null {
  return byName.get(name) ?? null;
}
