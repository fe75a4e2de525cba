/** Make the texts of a language from templates, in the shape of the English ones. */
type Tree = Readonly<Record<string, unknown>>;

/** Return the English texts, with those in place of which there is a template. */
export function textsFrom<T>(english: T, templates: unknown): T {
  return merged(english as Tree, templates) as T;
}

function merged(english: Tree, templates: unknown): Tree {
  const given = (typeof templates === "object" && templates !== null ? templates : {}) as Tree;
  const entries = Object.entries(english).map(([key, text]) => [key, made(text, given[key])]);
  return Object.fromEntries(entries);
}

function made(text: unknown, template: unknown): unknown {
  if (typeof text === "object" && text !== null) return merged(text as Tree, template);
  if (typeof template !== "string") return text;
  if (typeof text !== "function") return template;
  return (...values: readonly unknown[]) => filled(template, values);
}

/** `{0}` is the first value; `{0|one|other}` is chosen by it. */
function filled(template: string, values: readonly unknown[]): string {
  return template.replace(/\{(\d)(?:\|([^|}]*)\|([^|}]*))?\}/g, (_, at, one, other) => {
    const value = values[Number(at)];
    if (one === undefined) return String(value);
    return value === 1 ? one : other;
  });
}
