import { type SubmitEvent, useEffect, useId, useRef, useState } from "react";
import styles from "./NameForm.module.css";

interface Props {
  /** Whether a request is pending. */
  readonly trying: boolean;
  readonly problem: NameProblem | null;
  onName(name: string): void;
}

export interface NameProblem {
  readonly code: number | string;
  readonly name: string;
  readonly suggestion?: string;
}

const longest = 32;

/** Asks for a name; for a name in use it offers a free one. */
export function NameForm({ trying, problem, onName }: Props) {
  const [name, setName] = useState(problem?.suggestion ?? problem?.name ?? "");
  const field = useRef<HTMLInputElement>(null);
  const id = useId();

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
        <label className={styles.label} htmlFor={id}>
          Your name
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
          aria-invalid={problem !== null}
          aria-describedby={`${id}-problem`}
        />
        <p id={`${id}-problem`} className={styles.problem} role="alert">
          {problem === null ? "" : sentence(problem)}
        </p>
        <button className={styles.button} type="submit" disabled={trying || name.trim() === ""}>
          {trying ? "Joining…" : "Join"}
        </button>
      </form>
    </main>
  );
}

/** Explain the problem, and what to do. */
function sentence({ code, name, suggestion }: NameProblem): string {
  if (code === "name_taken")
    return suggestion === undefined
      ? `${name} is in use. Choose another name.`
      : `${name} is in use. ${suggestion} is free.`;
  if (code === "invalid_name")
    return "Invalid name. Use 1 to 32 visible characters, without control characters.";
  if (code === "token_required") return "This server does not allow guests.";
  return `The server rejected the connection (code ${code}). Try again, or ask its operator.`;
}
