/** Short messages about what was just done, with a way to undo it. */
import { createContext, type ReactNode, useCallback, useContext, useEffect, useState } from "react";
import buttons from "./buttons.module.css";
import styles from "./Toasts.module.css";

const shownFor = 8_000;

export interface Toast {
  readonly text: string;
  readonly action?: { readonly label: string; act(): void };
}

const ToastContext = createContext<(toast: Toast) => void>(() => {});

/** Return the function that shows a toast. It replaces the one before. */
export function useToast(): (toast: Toast) => void {
  return useContext(ToastContext);
}

export function Toasts({ children }: { readonly children: ReactNode }) {
  const [toast, setToast] = useState<Toast | null>(null);
  const close = useCallback(() => setToast(null), []);
  return (
    <ToastContext value={setToast}>
      {children}
      <div className={styles.place} role="status">
        {toast !== null && <Shown toast={toast} onClose={close} />}
      </div>
    </ToastContext>
  );
}

function Shown({ toast, onClose }: { readonly toast: Toast; onClose(): void }) {
  // A user who is about to press the button must not lose it.
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (held) return;
    const timer = setTimeout(onClose, shownFor);
    return () => clearTimeout(timer);
  }, [held, onClose]);
  const { action } = toast;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only stays as long as the user is in it
    <div
      className={styles.toast}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      <span>{toast.text}</span>
      {action !== undefined && (
        <button
          className={buttons.usual}
          type="button"
          onClick={() => {
            action.act();
            onClose();
          }}
        >
          {action.label}
        </button>
      )}
    </div>
  );
}
