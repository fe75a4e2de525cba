import { Component, type ReactNode } from "react";
import styles from "./ErrorBoundary.module.css";

interface State {
  readonly failed: boolean;
}

/** Shows a button that reloads the page in place of what failed to render. */
export class ErrorBoundary extends Component<{ readonly children: ReactNode }, State> {
  override readonly state: State = { failed: false };

  static getDerivedStateFromError(): State {
    return { failed: true };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <main className={styles.failed} role="alert">
        <h1>Something went wrong</h1>
        <p>The page cannot be shown. Messages that were not sent yet are kept.</p>
        <button type="button" onClick={() => window.location.reload()}>
          Reload
        </button>
      </main>
    );
  }
}
