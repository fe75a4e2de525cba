/** Announcements for screen readers: two hidden live regions, one polite and one assertive. */
import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from "react";
import styles from "./Announcer.module.css";

export interface Voice {
  /** Announced when the screen reader is idle. */
  say(text: string): void;
  /** Announced at once. */
  alert(text: string): void;
}

const VoiceContext = createContext<Voice>({ say: () => {}, alert: () => {} });

export function useVoice(): Voice {
  return useContext(VoiceContext);
}

export function Announcer({ children }: { readonly children: ReactNode }) {
  const [said, say] = useLine();
  const [alerted, alert] = useLine();
  const voice = useMemo(() => ({ say, alert }), [say, alert]);
  return (
    <VoiceContext value={voice}>
      {children}
      <div className={styles.hidden} aria-live="polite" data-testid="said">
        {said}
      </div>
      <div className={styles.hidden} aria-live="assertive" data-testid="alerted">
        {alerted}
      </div>
    </VoiceContext>
  );
}

/** The text of a live region. A repeated text gets a space appended, or it would not be announced again. */
function useLine(): [string, (text: string) => void] {
  const [line, setLine] = useState("");
  const speak = useCallback(
    (text: string) => setLine((before) => (before === text ? `${text}\u00a0` : text)),
    [],
  );
  return [line, speak];
}
