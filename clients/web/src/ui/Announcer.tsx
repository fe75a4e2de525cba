/** The one place that speaks to screen readers: two hidden lines, one that waits and one that interrupts. */
import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from "react";
import styles from "./Announcer.module.css";

export interface Voice {
  /** Said when the reader pauses. */
  say(text: string): void;
  /** Said at once. */
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

/** A line to speak; said twice, the same words differ by a space, or nobody would hear them again. */
function useLine(): [string, (text: string) => void] {
  const [line, setLine] = useState("");
  const speak = useCallback(
    (text: string) => setLine((before) => (before === text ? `${text}\u00a0` : text)),
    [],
  );
  return [line, speak];
}
