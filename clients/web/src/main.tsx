import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/App.tsx";
import { Session } from "./app/session.ts";
import { storageOrNone } from "./app/storage.ts";
import { ErrorBoundary } from "./ui/ErrorBoundary.tsx";
import "./styles/tokens.css";
import "./styles/base.css";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has lost its #root element");

const session = new Session({
  url: new URL("ws", document.baseURI).href.replace(/^http/, "ws"),
  identities: storageOrNone(() => localStorage),
  outbox: storageOrNone(() => sessionStorage),
});
session.resume();

createRoot(root).render(
  <StrictMode>
    <ErrorBoundary>
      <App session={session} />
    </ErrorBoundary>
  </StrictMode>,
);
