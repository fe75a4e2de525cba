/** What a room needs of its client. */

import type { Author } from "./sans-io/author.ts";
import type { Input } from "./sans-io/effects.ts";
import type { RoomMachine } from "./sans-io/roomMachine.ts";

/** The interface of a client for its rooms. */
export interface RoomHost {
  readonly me: Author | null;
  step(input: Input): void;
  machine(room: string): RoomMachine | undefined;
}
