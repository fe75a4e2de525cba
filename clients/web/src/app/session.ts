/** The user's session: the name and its proof, kept in the browser, and the client that uses them. */
import { type Client, createClient, type KeyValue, type Status } from "@hubbub/client";
import { type Remembered, recall, remembered } from "../stores/identity.ts";

export interface SessionOptions {
  readonly url: string;
  /** Shared by all tabs, so that they share the name (CN4). */
  readonly identities: KeyValue;
  /** The outbox of this tab. It does not depend on the name: what was not sent yet is sent under the next name. */
  readonly outbox: KeyValue;
}

/** Why the sign-in failed. */
export interface SignInProblem {
  readonly code: number | string;
  readonly name: string;
  readonly suggestion?: string;
}

export type SessionState =
  | { readonly phase: "asking"; readonly name: string; readonly problem: SignInProblem | null }
  | { readonly phase: "trying"; readonly name: string; readonly client: Client }
  | { readonly phase: "in"; readonly client: Client };

export class Session {
  readonly #options: SessionOptions;
  readonly #listeners = new Set<() => void>();
  #client: Client | null = null;
  #state: SessionState = { phase: "asking", name: "", problem: null };

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  get state(): SessionState {
    return this.#state;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Resume with the saved name, if there is one. */
  resume(): void {
    const before = recall(this.#options.identities);
    if (before === null) return;
    const client = this.#connect(before.name, before.session);
    this.#change({ phase: "in", client });
    client.connect();
  }

  /** Sign in with this name. */
  signIn(name: string): void {
    const client = this.#connect(name);
    this.#change({ phase: "trying", name, client });
    client.connect();
  }

  /** Stop signing in. */
  cancel(): void {
    const { state } = this;
    this.#client?.close();
    this.#client = null;
    this.#change({
      phase: "asking",
      name: state.phase === "trying" ? state.name : "",
      problem: null,
    });
  }

  /** Ask for another name. What was not sent yet stays in the outbox. */
  changeName(): void {
    const name = this.#client?.user ?? "";
    this.#client?.close();
    this.#client = null;
    this.#forget();
    this.#change({ phase: "asking", name, problem: null });
  }

  #connect(name: string, session?: string): Client {
    const { url, outbox: storage } = this.#options;
    const proof = session === undefined ? {} : { session };
    const options = { url, name, ...proof, client: "hubbub web", storage, outbox: "page" };
    const client = createClient(options);
    this.#client = client;
    client.onIdentity((identity) => this.#remember({ name: identity.user, ...identity }));
    client.onStatus((status) => this.#onStatus(client, name, status));
    return client;
  }

  #onStatus(client: Client, name: string, status: Status): void {
    if (client !== this.#client) return;
    if (status.state === "online" && this.#state.phase !== "in")
      this.#change({ phase: "in", client });
    // After the first welcome, the connection strip reports why the connection closed.
    if (status.state === "closed" && client.user === null) this.#onRejected(name, status);
  }

  #onRejected(name: string, { code, suggestion }: Status & { state: "closed" }): void {
    if (typeof code === "number" && this.#state.phase === "in") return;
    if (code === "name_taken" || code === "invalid_name") this.#forget();
    const problem = { code, name, ...(suggestion !== undefined && { suggestion }) };
    this.#change({ phase: "asking", name, problem });
  }

  #change(state: SessionState): void {
    this.#state = state;
    // A listener that throws must not stop the client, which is in the middle of a step, or the others.
    for (const listener of this.#listeners) {
      try {
        listener();
      } catch (error) {
        reportError(error);
      }
    }
  }

  #remember({ name, session }: Remembered): void {
    try {
      this.#options.identities.setItem(remembered, JSON.stringify({ name, session }));
    } catch {} // without storage, the page asks for the name again
  }

  #forget(): void {
    try {
      this.#options.identities.removeItem(remembered);
    } catch {}
  }
}
