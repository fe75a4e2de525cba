/** Choose between the forms of a noun, in languages that have two. */
export function plural(count: number, one: string, other: string): string {
  return count === 1 ? one : other;
}
