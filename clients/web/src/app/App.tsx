import { useSyncExternalStore } from "react";
import { useAppearance } from "../features/settings/useAppearance.ts";
import { NameForm } from "../features/welcome/NameForm.tsx";
import { LanguageProvider, preferredLanguage } from "../i18n/language.tsx";
import type { Stores } from "../stores/stores.ts";
import { useSaved } from "../stores/useSaved.ts";
import { Chat } from "./Chat.tsx";
import { embed } from "./embed.ts";
import { routeOf } from "./route.ts";
import type { Session } from "./session.ts";

interface Props {
  readonly session: Session;
  readonly stores: Stores;
}

/** The page: the name form, then the rooms. */
export function App({ session, stores }: Props) {
  const preferences = useSaved(stores.preferences);
  const { language } = preferences;
  useAppearance({ ...preferences, theme: embed?.theme ?? preferences.theme });
  return (
    <LanguageProvider language={language ?? preferredLanguage(navigator.languages)}>
      <Contents session={session} stores={stores} />
    </LanguageProvider>
  );
}

function Contents({ session, stores }: Props) {
  const state = useSyncExternalStore(session.subscribe, () => session.state);
  if (state.phase === "in")
    return <Chat client={state.client} stores={stores} onChangeName={() => session.changeName()} />;
  return (
    <NameForm
      invitedTo={routeOf(window.location.pathname)?.room ?? null}
      name={state.name}
      client={state.phase === "trying" ? state.client : null}
      problem={state.phase === "asking" ? state.problem : null}
      onName={(name) => session.signIn(name)}
      onCancel={() => session.cancel()}
    />
  );
}
