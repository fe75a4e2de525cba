/** The receipts of own messages and changes, which callers wait for. */
import type { SendReceipt } from "./sans-io/effects.ts";

/** An own message or change was rejected. */
export class NotSent extends Error {
  override readonly name = "NotSent";
  /** The error code: of the server (§7), or `not_joined` or `outbox_full`. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message || code);
    this.code = code;
  }
}

export class Receipts {
  readonly #pending = new Map<string, Pending>();

  /** Wait for the receipt of this key. */
  wait(key: string): Promise<SendReceipt> {
    const done = new Promise<SendReceipt>((resolve, reject) => {
      this.#pending.set(key, { resolve, reject });
    });
    // The snapshot shows the failure also to callers that ignore the promise.
    done.catch(() => {});
    return done;
  }

  arrived(key: string, receipt: SendReceipt): void {
    this.#take(key)?.resolve(receipt);
  }

  failed(key: string, reason: NotSent): void {
    this.#take(key)?.reject(reason);
  }

  #take(key: string): Pending | undefined {
    const pending = this.#pending.get(key);
    this.#pending.delete(key);
    return pending;
  }
}

interface Pending {
  resolve(receipt: SendReceipt): void;
  reject(reason: NotSent): void;
}
