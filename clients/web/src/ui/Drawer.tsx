import { type ReactNode, useEffect, useRef } from "react";

interface Props {
  readonly id: string;
  readonly className: string | undefined;
  readonly label: string;
  readonly open: boolean;
  /** Whether it covers the rest of the page: then it takes the focus, and the page is inert. */
  readonly modal: boolean;
  readonly live?: boolean;
  readonly children: ReactNode;
  onClose(): void;
}

/** A column that is an overlay in a narrow window. */
export function Drawer({ id, className, label, open, modal, live, children, onClose }: Props) {
  const column = useRef<HTMLDivElement>(null);
  const covers = open && modal;
  useEffect(() => {
    if (!covers) return;
    const before = document.activeElement;
    column.current?.focus();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, [covers]);
  useEscape(open, onClose);
  return (
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: only the dialog is modal
    <div
      ref={column}
      id={id}
      className={className}
      role={covers ? "dialog" : "complementary"}
      aria-modal={covers || undefined}
      aria-label={label}
      data-open={open}
      data-live={live}
      tabIndex={-1}
    >
      {children}
    </div>
  );
}

/** The Escape key closes it from anywhere on the page. */
function useEscape(open: boolean, close: () => void): void {
  useEffect(() => {
    if (!open) return;
    const press = (event: KeyboardEvent) => event.key === "Escape" && close();
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [open, close]);
}
