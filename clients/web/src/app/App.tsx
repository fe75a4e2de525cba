import { useSyncExternalStore } from "react";
import { NameForm } from "../features/welcome/NameForm.tsx";
import { Chat } from "./Chat.tsx";
import type { Session } from "./session.ts";

/** The page: the name form, then the rooms. */
export function App({ session }: { readonly session: Session }) {
  const state = useSyncExternalStore(session.subscribe, () => session.state);
  if (state.phase === "in")
    return <Chat client={state.client} onSignOut={() => session.signOut()} />;
  return (
    <NameForm
      trying={state.phase === "trying"}
      problem={state.phase === "asking" ? state.problem : null}
      onName={(name) => session.signIn(name)}
    />
  );
}
