/** A button that opens a menu. */
import { type ReactNode, type RefObject, useEffect, useId, useRef, useState } from "react";
import { part } from "../parts/part.ts";
import styles from "./Menu.module.css";
import type { MenuItemsProps } from "./MenuItems.tsx";

const MenuItems = part(() => import("./MenuItems.tsx"));

interface Props extends Pick<MenuItemsProps, "label" | "items"> {
  /** Whether the contents of the button are its name. */
  readonly isNamed?: boolean;
  readonly className: string | undefined;
  /** Where the menu opens. */
  readonly side?: MenuItemsProps["side"];
  readonly children: ReactNode;
}

export function Menu({
  label,
  isNamed = false,
  className,
  items,
  side = "below",
  children,
}: Props) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  useCloseOutside(root, open, () => setOpen(false));
  return (
    <div ref={root} className={styles.root}>
      <button
        ref={button}
        className={className}
        type="button"
        aria-label={isNamed ? undefined : label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
      >
        {children}
      </button>
      {open && <MenuItems id={id} label={label} items={items} side={side} onClose={close} />}
    </div>
  );
}

function useCloseOutside(root: RefObject<HTMLElement | null>, open: boolean, close: () => void) {
  useEffect(() => {
    if (!open) return;
    const press = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) close();
    };
    document.addEventListener("pointerdown", press);
    document.addEventListener("focusin", press);
    return () => {
      document.removeEventListener("pointerdown", press);
      document.removeEventListener("focusin", press);
    };
  }, [root, open, close]);
}
