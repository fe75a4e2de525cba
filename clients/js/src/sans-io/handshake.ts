/** The handshake: the content of `hello`, and the handling of its errors (CS6, CS7). */
import type { Author } from "./author.ts";
import { CloseCode } from "./closeCodes.ts";
import type { Hello, Refusal, Welcome } from "./frames.ts";

export interface HelloIdentity {
  /** The requested name. Without one the server generates it. */
  readonly name?: string;
  /** Proves the name of an earlier client (CN4). */
  readonly session?: string;
  /** The name of the client software, up to 100 characters. */
  readonly client?: string;
  /** Whether the connection is in no list of members (PR5). */
  readonly listener?: boolean;
}

export type HelloOutcome =
  | { readonly do: "hello again" }
  | { readonly do: "give up"; readonly code: string; readonly suggestion?: string }
  | { readonly do: "reconnect"; readonly code: number | string; readonly retryAfter?: number };

/** The name of a client and its proof, kept across connections. */
export class Handshake {
  /** The user of the last welcome: the same object for as long as it is the same user. */
  me: Author | null = null;
  #name: string | undefined;
  #session: string | undefined;
  readonly #client: string | undefined;
  readonly #listener: boolean;
  #everWelcomed = false;

  constructor({ name, session, client, listener = false }: HelloIdentity) {
    this.#name = name;
    this.#session = session;
    this.#client = client;
    this.#listener = listener;
  }

  hello(id: number, token: string | null): Hello {
    return {
      type: "hello",
      id,
      ...(token !== null && { token }),
      ...(this.#name !== undefined && { name: this.#name }),
      ...(this.#session !== undefined && { session: this.#session }),
      ...(this.#client !== undefined && { client: this.#client }),
      ...(this.#listener && { listener: true }),
    };
  }

  onWelcome(welcome: Welcome): void {
    const { user, user_id, session } = welcome;
    if (this.me?.user !== user || this.me.user_id !== user_id) this.me = welcome;
    this.#name = user;
    this.#session = session;
    this.#everWelcomed = true;
  }

  refused(refusal: Refusal): HelloOutcome {
    const { code, suggestion } = refusal;
    if (code === "name_taken" && this.#everWelcomed && suggestion !== undefined) {
      // The session proves the id too, which stays the same under another name (CN8).
      this.#name = suggestion;
      return { do: "hello again" };
    }
    if (code === "token_expired") return { do: "reconnect", code: CloseCode.tokenExpired };
    if (!refusal.retry)
      return { do: "give up", code, ...(suggestion !== undefined && { suggestion }) };
    const after = refusal.retry_after;
    return { do: "reconnect", code, ...(after !== undefined && { retryAfter: after }) };
  }
}
