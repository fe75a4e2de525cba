/** The token that a client holds, and the one request for another (CS8). */
import { RetryTimer } from "./backoff.ts";

export class TokenCache {
  held: string | null = null;
  /** When to ask again while the connection goes on. */
  readonly retry: RetryTimer;
  readonly #hook: boolean;
  #asking = false;

  constructor(hook: boolean, random: () => number) {
    this.#hook = hook;
    this.retry = new RetryTimer(random);
  }

  get missing(): boolean {
    return this.#hook && this.held === null;
  }

  /** Take the turn to call the hook; false if it is called already, or there's none. */
  ask(): boolean {
    if (!this.#hook || this.#asking) return false;
    this.#asking = true;
    return true;
  }

  /** Keep what the hook answered; false if nobody had asked. */
  hold(token: string): boolean {
    if (!this.#asking) return false;
    this.held = token;
    this.#asking = false;
    this.retry.succeeded();
    return true;
  }

  /** Note that the hook failed; false if nobody had asked. */
  failed(): boolean {
    const asked = this.#asking;
    this.#asking = false;
    return asked;
  }

  drop(): void {
    this.held = null;
  }
}
