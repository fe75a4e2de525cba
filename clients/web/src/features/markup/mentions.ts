/** Find the mentions of a user in a text. */

const patterns = new Map<string, RegExp>();

export function mentions(text: string, name: string): boolean {
  if (name === "" || !text.includes("@")) return false;
  let pattern = patterns.get(name);
  if (pattern === undefined) {
    const literal = name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    pattern = new RegExp(`(?<![\\p{L}\\p{N}])@${literal}(?![\\p{L}\\p{N}])`, "iu");
    patterns.set(name, pattern);
  }
  return pattern.test(text);
}
