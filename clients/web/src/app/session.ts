/** Who the reader is here: asks for a name, remembers it with its proof, and owns the client that goes with it. */
import { type Client, createClient, type KeyValue, type Status } from "@hubbub/client";

const remembered = "hubbub.identity";

export interface SessionOptions {
  readonly url: string;
  /** Shared by tabs, so that they share the name (CN4). */
  readonly identities: KeyValue;
  /** Of this tab: its messages that are not stored yet. */
  readonly outbox: KeyValue;
}

/** Why a name was not had. */
export interface Problem {
  readonly code: number | string;
  readonly name: string;
  readonly suggestion?: string;
}

export type SessionState =
  | { readonly phase: "asking"; readonly problem: Problem | null }
  | { readonly phase: "trying"; readonly name: string }
  | { readonly phase: "in"; readonly client: Client };

interface Remembered {
  readonly name: string;
  readonly session: string;
}

export class Session {
  readonly #options: SessionOptions;
  readonly #listeners = new Set<() => void>();
  #client: Client | null = null;
  #state: SessionState = { phase: "asking", problem: null };

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

  /** Go on as who one was here before, if one was. */
  resume(): void {
    const before = this.#recall();
    if (before === null) return;
    const client = this.#connect(before.name, before.session);
    this.#change({ phase: "in", client });
  }

  /** Ask for this name. */
  signIn(name: string): void {
    this.#change({ phase: "trying", name });
    this.#connect(name);
  }

  /** Give the name back, and ask for another. */
  signOut(): void {
    this.#client?.close();
    this.#client = null;
    this.#forget();
    this.#change({ phase: "asking", problem: null });
  }

  #connect(name: string, session?: string): Client {
    const { url, outbox } = this.#options;
    const proof = session === undefined ? {} : { session };
    const client = createClient({ url, name, ...proof, client: "hubbub web", storage: outbox });
    this.#client = client;
    client.onIdentity((identity) => this.#remember({ name: identity.user, ...identity }));
    client.onStatus((status) => this.#heard(client, name, status));
    client.connect();
    return client;
  }

  #heard(client: Client, name: string, status: Status): void {
    if (client !== this.#client) return;
    if (status.state === "online" && this.#state.phase !== "in")
      this.#change({ phase: "in", client });
    // Once somebody was in, what ends the connection is for the connection's own line to say.
    if (status.state === "closed" && client.user === null) this.#refused(name, status);
  }

  #refused(name: string, { code, suggestion }: Status & { state: "closed" }): void {
    if (typeof code === "number" && this.#state.phase === "in") return;
    if (code === "name_taken" || code === "invalid_name") this.#forget();
    const problem = { code, name, ...(suggestion !== undefined && { suggestion }) };
    this.#change({ phase: "asking", problem });
  }

  #change(state: SessionState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }

  #recall(): Remembered | null {
    try {
      const saved: unknown = JSON.parse(this.#options.identities.getItem(remembered) ?? "null");
      return isRemembered(saved) ? saved : null;
    } catch {
      return null;
    }
  }

  #remember({ name, session }: Remembered): void {
    try {
      this.#options.identities.setItem(remembered, JSON.stringify({ name, session }));
    } catch {} // a browser that keeps nothing asks again next time
  }

  #forget(): void {
    try {
      this.#options.identities.removeItem(remembered);
    } catch {}
  }
}

function isRemembered(value: unknown): value is Remembered {
  if (typeof value !== "object" || value === null) return false;
  const { name, session } = value as Record<string, unknown>;
  return typeof name === "string" && typeof session === "string";
}
