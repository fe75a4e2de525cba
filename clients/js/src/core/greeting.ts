/** Who the client is: what `hello` says, and what a refusal of it means (CS6, CS7). */
import { Close } from "./closing.ts";
import type { Hello, Refusal, Welcome } from "./frames.ts";

export interface Identity {
  /** The name that is asked for. Without one the server makes it up. */
  readonly name?: string;
  /** Proves the name from an earlier life (CN4). */
  readonly session?: string;
  /** What the client is, up to 100 characters. */
  readonly client?: string;
}

export type Verdict =
  | { readonly do: "say again" }
  | { readonly do: "stop"; readonly code: string; readonly suggestion?: string }
  | { readonly do: "try later"; readonly code: number | string; readonly retryAfter?: number };

/** The name and its proof, over all connections of a client. */
export class Greeting {
  #name: string | undefined;
  #session: string | undefined;
  readonly #client: string | undefined;
  #everWelcomed = false;

  constructor({ name, session, client }: Identity) {
    this.#name = name;
    this.#session = session;
    this.#client = client;
  }

  hello(id: number, token: string | null): Hello {
    return {
      type: "hello",
      id,
      ...(token !== null && { token }),
      ...(this.#name !== undefined && { name: this.#name }),
      ...(this.#session !== undefined && { session: this.#session }),
      ...(this.#client !== undefined && { client: this.#client }),
    };
  }

  welcomed(welcome: Welcome): void {
    this.#name = welcome.user;
    this.#session = welcome.session;
    this.#everWelcomed = true;
  }

  refused(refusal: Refusal): Verdict {
    const { code, suggestion } = refusal;
    if (code === "name_taken" && this.#everWelcomed && suggestion !== undefined) {
      // The session proves the name that is gone, not this one.
      this.#name = suggestion;
      this.#session = undefined;
      return { do: "say again" };
    }
    if (code === "token_expired") return { do: "try later", code: Close.tokenExpired };
    if (!refusal.retry)
      return { do: "stop", code, ...(suggestion !== undefined && { suggestion }) };
    const after = refusal.retry_after;
    return { do: "try later", code, ...(after !== undefined && { retryAfter: after }) };
  }
}
