import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/App.tsx";
import { embed, openEmbedded } from "./app/embed.ts";
import { fileAt, replaceOldAddress } from "./app/route.ts";
import { Session } from "./app/session.ts";
import { noStorage, storageOrNone } from "./app/storage.ts";
import { openTabOutbox } from "./app/tabOutbox.ts";
import { setEmojiSource } from "./features/emoji/data.ts";
import { loadTexts, preferredLanguage, setTextSource } from "./i18n/language.tsx";
import { createStores } from "./stores/stores.ts";
import { ErrorBoundary } from "./ui/ErrorBoundary.tsx";
import "./styles/tokens.css";
import "./styles/base.css";

declare global {
  /** What the parts of the page share with it: see `scripts/onePage.ts`. */
  var hubbub: { at(path: string): string };
}

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has lost its #root element");

replaceOldAddress();
openEmbedded();
const kept = storageOrNone(() => localStorage);
const tab = storageOrNone(() => sessionStorage);
/** The first messages are on the screen by then. */
const restAfter = 2_000;

globalThis.hubbub = { at: fileAt };
void start(root);

async function start(element: HTMLElement): Promise<void> {
  const session = new Session({
    url: fileAt("ws").replace(/^http/, "ws"),
    identities: kept,
    outbox: await openTabOutbox(kept, tab),
  });
  session.resume();
  setEmojiSource(fileAt("emoji.json"));

  // A frame shows its room only, also beside the whole page.
  const stores = createStores(kept, embed === null ? kept : noStorage);
  setTextSource((language) => fileAt(`texts-${language}.json`));
  // Not first in English: but a slow file does not keep the page away.
  const language = stores.preferences.value.language ?? preferredLanguage(navigator.languages);
  await Promise.race([loadTexts(language), new Promise((resolve) => setTimeout(resolve, 1_000))]);

  createRoot(element).render(
    <StrictMode>
      <ErrorBoundary>
        <App session={session} stores={stores} />
      </ErrorBoundary>
    </StrictMode>,
  );
  const rest = () =>
    void import("./app/afterStart.ts").then(
      (later) => later.default(fileAt),
      () => {},
    );
  setTimeout(rest, restAfter);
}
