import type { Client } from "@hubbub/client";
import { type SubmitEvent, useEffect, useId, useRef, useState } from "react";
import { useClientTime, useStatus } from "../../hooks/useClient.ts";
import { type Texts, useTexts } from "../../i18n/language.tsx";
import buttons from "../../ui/buttons.module.css";
import styles from "./NameForm.module.css";

interface Props {
  /** The room of the link that led here. */
  readonly invitedTo: string | null;
  /** The name to start with. */
  readonly name: string;
  /** The client that is signing in. */
  readonly client: Client | null;
  readonly problem: NameProblem | null;
  onName(name: string): void;
  onCancel(): void;
}

export interface NameProblem {
  readonly code: number | string;
  readonly name: string;
  readonly suggestion?: string;
}

const longest = 32;

/** Asks for a name; for a name in use it offers a free one. */
export function NameForm({ invitedTo, client, problem, onName, onCancel, ...start }: Props) {
  const texts = useTexts();
  const { signIn } = texts;
  const [name, setName] = useState(problem?.suggestion ?? start.name);
  const field = useRef<HTMLInputElement>(null);
  const id = useId();
  const trying = client !== null;

  useEffect(() => {
    if (problem?.suggestion !== undefined) setName(problem.suggestion);
    field.current?.focus();
    field.current?.select();
  }, [problem]);

  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const wanted = name.trim();
    if (wanted !== "" && !trying) onName(wanted);
  };

  return (
    <main className={styles.page}>
      <form className={styles.card} onSubmit={submit}>
        <h1 className={styles.title}>hubbub</h1>
        <p className={styles.about}>
          {invitedTo !== null && <strong>{signIn.invitation(invitedTo)} </strong>}
          {signIn.about}
        </p>
        <label className={styles.label} htmlFor={id}>
          {signIn.name}
        </label>
        <input
          ref={field}
          id={id}
          className={styles.field}
          value={name}
          onChange={(event) => setName(event.target.value)}
          maxLength={longest}
          autoComplete="nickname"
          spellCheck={false}
          required
          readOnly={trying}
          aria-invalid={problem !== null}
          aria-describedby={`${id}-problem`}
        />
        <p id={`${id}-problem`} className={styles.problem} role="alert">
          {problem === null ? "" : sentence(problem, texts)}
        </p>
        {trying && <Progress client={client} />}
        <button className={buttons.main} type="submit" disabled={trying || name.trim() === ""}>
          {trying ? signIn.joining : signIn.join}
        </button>
        {trying && (
          <button className={buttons.usual} type="button" onClick={onCancel}>
            {signIn.cancel}
          </button>
        )}
      </form>
    </main>
  );
}

/** Why signing in takes longer than usual. */
function Progress({ client }: { readonly client: Client }) {
  const { signIn } = useTexts();
  const status = useStatus(client);
  const now = useClientTime(client, status.state === "waiting");
  return (
    <p className={styles.progress} role="status">
      {status.state === "offline" && signIn.offline}
      {status.state === "waiting" &&
        signIn.unreachable(Math.max(1, Math.ceil((status.until - now) / 1000)))}
    </p>
  );
}

/** Explain the problem, and what to do. */
function sentence({ code, name, suggestion }: NameProblem, { signIn }: Texts): string {
  if (code === "name_taken")
    return suggestion === undefined ? signIn.taken(name) : signIn.takenButFree(name, suggestion);
  if (code === "invalid_name") return signIn.invalid;
  if (code === "token_required") return signIn.noGuests;
  return signIn.rejected(code);
}
