/** Read parts of a stored value whose shape is not certain. */

export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  const isRecord = typeof value === "object" && value !== null && !Array.isArray(value);
  return isRecord ? (value as Record<string, unknown>) : {};
}

/** Return the value if it is one of the options, else the usual one: the first, by default. */
export function oneOf<T extends string>(
  options: readonly [T, ...T[]],
  value: unknown,
  usual: T = options[0],
): T {
  return options.find((option) => option === value) ?? usual;
}
