/** Idempotency keys of messages: unique, and sorted by time. */

const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** Create a ULID: 48 bits of time and 80 random bits, in 26 digits of Crockford's base 32. */
export function newKey(now = Date.now()): string {
  let time = "";
  for (let left = now, digit = 0; digit < 10; digit += 1, left = Math.floor(left / 32))
    time = digits.charAt(left % 32) + time;
  const chance = crypto.getRandomValues(new Uint8Array(16));
  return time + Array.from(chance, (byte) => digits.charAt(byte % 32)).join("");
}
