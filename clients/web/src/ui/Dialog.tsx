import { type ReactNode, useId, useLayoutEffect, useRef } from "react";
import buttons from "./buttons.module.css";
import styles from "./Dialog.module.css";
import { Icon } from "./Icon.tsx";

interface Props {
  readonly title: string;
  readonly closeLabel: string;
  readonly children: ReactNode;
  onClose(): void;
}

/** A modal dialog: it gives the focus to what has `data-first`, and returns it when it closes. */
export function Dialog({ title, closeLabel, children, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  // Before the next key is pressed.
  useLayoutEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    dialog.current?.querySelector<HTMLElement>("[data-first]")?.focus();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      className={styles.dialog}
      aria-labelledby={id}
      onClose={onClose}
      // The backdrop belongs to the dialog's element, its contents do not.
      onPointerDown={(event) => event.target === dialog.current && onClose()}
    >
      <div className={styles.content}>
        <header className={styles.header}>
          <h2 id={id}>{title}</h2>
          <button className={buttons.icon} type="button" aria-label={closeLabel} onClick={onClose}>
            <Icon name="close" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
