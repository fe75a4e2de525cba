import type { Client } from "@hubbub/client";
import { type SubmitEvent, useId, useState } from "react";
import { useAllTexts } from "../../i18n/useAllTexts.ts";
import buttons from "../../ui/buttons.module.css";
import { Dialog } from "../../ui/Dialog.tsx";
import { Directory } from "./Directory.tsx";
import styles from "./JoinDialog.module.css";

interface Props {
  readonly client: Client;
  /** The rooms that the user has joined. */
  readonly joined: readonly string[];
  /** The room that a name or a link means; empty if none. */
  roomOf(words: string): string;
  onJoin(room: string): void;
  onClose(): void;
}

const longest = 500;

/** Asks for the name of a room, or a link to it, and lists the rooms whose names begin with what was typed. */
export function JoinDialog({ client, joined, roomOf, onJoin, onClose }: Props) {
  const { rooms, settings } = useAllTexts();
  const [words, setWords] = useState("");
  const id = useId();
  const room = roomOf(words);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (room !== "") onJoin(room);
  };
  return (
    <Dialog title={rooms.join} closeLabel={settings.close} onClose={onClose}>
      <form className={styles.form} onSubmit={submit}>
        <label className={styles.label} htmlFor={id}>
          {rooms.joinLabel}
        </label>
        <div className={styles.line}>
          <input
            id={id}
            className={styles.field}
            data-first
            value={words}
            onChange={(event) => setWords(event.target.value)}
            maxLength={longest}
            autoComplete="off"
            spellCheck={false}
            aria-describedby={`${id}-hint`}
          />
          <button className={buttons.main} type="submit" disabled={room === ""}>
            {rooms.joinAction}
          </button>
        </div>
        <p id={`${id}-hint`} className={styles.hint}>
          {rooms.joinHint}
        </p>
      </form>
      {client.features.includes("directory") && (
        <Directory {...{ client, joined, onJoin }} prefix={room} />
      )}
    </Dialog>
  );
}
