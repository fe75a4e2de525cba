/** The token of a client, and the request for another one (CS8). */
import { RetryTimer } from "./backoff.ts";

export class TokenCache {
  token: string | null = null;
  /** When to call the hook again while online. */
  readonly retry: RetryTimer;
  readonly #hook: boolean;
  #asking = false;

  constructor(hook: boolean, random: () => number) {
    this.#hook = hook;
    this.retry = new RetryTimer(random);
  }

  get missing(): boolean {
    return this.#hook && this.token === null;
  }

  /** Return whether to call the hook now: false if a call is running, or there is no hook. */
  ask(): boolean {
    if (!this.#hook || this.#asking) return false;
    this.#asking = true;
    return true;
  }

  /** Store the token of the hook; false if no call was running. */
  store(token: string): boolean {
    if (!this.#asking) return false;
    this.token = token;
    this.#asking = false;
    this.retry.reset();
    return true;
  }

  /** Note that the hook failed; false if no call was running. */
  failed(): boolean {
    const asked = this.#asking;
    this.#asking = false;
    return asked;
  }

  drop(): void {
    this.token = null;
  }
}
