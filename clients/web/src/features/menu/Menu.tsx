/** A button that opens a menu. Arrow keys move in it, Escape closes it. */
import {
  type KeyboardEvent,
  type ReactNode,
  type RefObject,
  useEffect,
  useId,
  useRef,
  useState,
} from "react";
import { Icon, type IconName } from "./Icon.tsx";
import styles from "./Menu.module.css";

export interface MenuItem {
  readonly label: string;
  readonly icon?: IconName;
  /** For one of several options: whether it is chosen. */
  readonly checked?: boolean;
  readonly danger?: boolean;
  act(): void;
}

interface Props {
  readonly label: string;
  /** Whether the contents of the button are its name. */
  readonly isNamed?: boolean;
  readonly className: string | undefined;
  readonly items: readonly (MenuItem | { readonly heading: string })[];
  /** Where the menu opens. */
  readonly side?: "above" | "below";
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
      {open && <Items id={id} label={label} items={items} side={side} onClose={close} />}
    </div>
  );
}

interface ItemsProps extends Required<Pick<Props, "label" | "items" | "side">> {
  readonly id: string;
  onClose(): void;
}

function Items({ id, label, items, side, onClose }: ItemsProps) {
  const menu = useRef<HTMLDivElement>(null);
  useEffect(() => buttonsIn(menu)[0]?.focus(), []);
  return (
    <div
      ref={menu}
      id={id}
      className={styles.menu}
      role="menu"
      aria-label={label}
      data-side={side}
      onKeyDown={(event) => onKey(event, buttonsIn(menu), onClose)}
    >
      {items.map((item) =>
        "heading" in item ? (
          <div key={item.heading} className={styles.heading} role="presentation">
            {item.heading}
          </div>
        ) : (
          <Choice key={item.label} item={item} onClose={onClose} />
        ),
      )}
    </div>
  );
}

function Choice({ item, onClose }: { readonly item: MenuItem; onClose(): void }) {
  const { label, icon, checked, danger = false } = item;
  const choose = () => {
    onClose();
    item.act();
  };
  return (
    <button
      className={styles.item}
      type="button"
      role={checked === undefined ? "menuitem" : "menuitemradio"}
      {...(checked !== undefined && { "aria-checked": checked })}
      tabIndex={-1}
      data-danger={danger}
      onClick={choose}
    >
      {checked === undefined ? icon && <Icon name={icon} /> : <Mark checked={checked} />}
      {label}
    </button>
  );
}

function Mark({ checked }: { readonly checked: boolean }) {
  return <span className={styles.mark}>{checked && <Icon name="check" />}</span>;
}

function buttonsIn(menu: RefObject<HTMLElement | null>): HTMLElement[] {
  return [...(menu.current?.querySelectorAll("button") ?? [])];
}

function onKey(event: KeyboardEvent, choices: readonly HTMLElement[], close: () => void): void {
  const at = choices.indexOf(document.activeElement as HTMLElement);
  const last = choices.length - 1;
  const next = { ArrowDown: at + 1, ArrowUp: at <= 0 ? last : at - 1, Home: 0, End: last }[
    event.key
  ];
  if (next !== undefined) choices[next % choices.length]?.focus();
  else if (event.key === "Escape" || event.key === "Tab") close();
  else return;
  event.preventDefault();
  event.stopPropagation();
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
