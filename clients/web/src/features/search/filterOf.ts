/** Return a filter for a value, quoted if it has spaces. */
export function filterOf(filter: string, value: string): string {
  return `${filter}:${/[\s"]/.test(value) ? `"${value.replaceAll('"', "")}"` : value}`;
}
