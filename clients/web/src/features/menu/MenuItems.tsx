import { type KeyboardEvent, type RefObject, useEffect, useRef } from "react";
import { Icon, type IconName } from "../../ui/Icon.tsx";
import styles from "./Menu.module.css";

export interface MenuItem {
  readonly label: string;
  readonly icon?: IconName;
  /** For one of several options: whether it is chosen. */
  readonly checked?: boolean;
  readonly danger?: boolean;
  act(): void;
}

export interface MenuItemsProps {
  readonly id: string;
  readonly label: string;
  readonly items: readonly (MenuItem | { readonly heading: string })[];
  readonly side: "above" | "below";
  onClose(): void;
}

/** The items of a menu that is open. Arrow keys move in it, Escape closes it. */
export default function MenuItems({ id, label, items, side, onClose }: MenuItemsProps) {
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
