/** The token that a client holds, and the one question for another (CS8). */
import { Patience } from "./backoff.ts";

export class Tokens {
  held: string | null = null;
  /** When to ask again while the connection goes on. */
  readonly patience: Patience;
  readonly #hook: boolean;
  #asking = false;

  constructor(hook: boolean, random: () => number) {
    this.#hook = hook;
    this.patience = new Patience(random);
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
    this.patience.succeeded();
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
