import { Menu } from "../features/menu/Menu.tsx";
import { laterShown } from "../features/parts/later.ts";
import { useTexts } from "../i18n/language.tsx";
import { type NotifyLevel, notifyLevels } from "../stores/preferences.ts";
import buttons from "../ui/buttons.module.css";
import { Icon } from "../ui/Icon.tsx";
import { embed } from "./embed.ts";
import styles from "./Header.module.css";
import type { Panels } from "./panels.ts";

const WholePage = laterShown(() => import("./WholePage.tsx"));

/** What the user can do with the open room. */
export interface RoomMenu {
  readonly favourite: boolean;
  readonly level: NotifyLevel;
  readonly canLeave: boolean;
  onFavourite(): void;
  onLevel(level: NotifyLevel): void;
  onCopyLink(): void;
  onLeave(): void;
  /** Go to another room. */
  onBack(): void;
}

interface Props {
  readonly name: string;
  readonly topic: string | null;
  readonly live: boolean;
  readonly count: number;
  readonly panels: Panels;
  readonly menu: RoomMenu;
  onDate(): void;
}

/** The name and the topic of the room, its menu, and buttons for the columns that are hidden in a narrow window. */
export function Header({ name, topic, live, count, panels, menu, onDate }: Props) {
  const texts = useTexts();
  return (
    <header className={styles.header}>
      {embed === null && <RoomsButton panels={panels} />}
      <h1 className={styles.title}>
        <bdi>{name}</bdi>
      </h1>
      <p className={styles.topic} title={topic ?? undefined}>
        <bdi>{topic}</bdi>
      </p>
      <button
        className={buttons.icon}
        type="button"
        aria-label={texts.search.open}
        title={texts.search.open}
        aria-expanded={panels.open === "search"}
        onClick={() => panels.onToggle("search")}
      >
        <Icon name="search" />
      </button>
      <button
        className={styles.who}
        type="button"
        data-live={live}
        aria-label={texts.members.count(count)}
        title={texts.members.count(count)}
        aria-controls="who"
        aria-expanded={panels.open === "members"}
        onClick={() => panels.onToggle("members")}
      >
        <Icon name="people" />
        {count}
      </button>
      <RoomMenuButton menu={menu} onDate={onDate} />
      {embed !== null && <WholePage name={name} />}
    </header>
  );
}

function RoomsButton({ panels }: Pick<Props, "panels">) {
  const { rooms } = useTexts();
  return (
    <button
      className={`${buttons.icon} ${styles.menu}`}
      type="button"
      aria-label={rooms.title}
      aria-controls="rooms"
      aria-expanded={panels.open === "rooms"}
      onClick={() => panels.onToggle("rooms")}
    >
      <Icon name="menu" />
    </button>
  );
}

function RoomMenuButton({ menu, onDate }: Pick<Props, "menu" | "onDate">) {
  const { rooms, notify, date } = useTexts();
  const items = [
    {
      label: menu.favourite ? rooms.notFavourite : rooms.favourite,
      icon: "star" as const,
      act: menu.onFavourite,
    },
    { label: rooms.copyLink, icon: "link" as const, act: menu.onCopyLink },
    { label: date.open, icon: "calendar" as const, act: onDate },
    { heading: notify.title },
    ...notifyLevels.map((level) => ({
      label: notify[level],
      checked: level === menu.level,
      act: () => menu.onLevel(level),
    })),
    ...(menu.canLeave
      ? [
          { heading: "" },
          { label: rooms.leave, icon: "close" as const, danger: true, act: menu.onLeave },
        ]
      : []),
  ];
  return (
    <Menu label={rooms.menu} className={buttons.icon} items={items}>
      <Icon name="more" />
    </Menu>
  );
}
