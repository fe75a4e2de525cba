import { Menu } from "../features/menu/Menu.tsx";
import { RoomList } from "../features/rooms/RoomList.tsx";
import type { RoomSummary } from "../features/rooms/useRoomSummaries.ts";
import { useTexts } from "../i18n/language.tsx";
import { Avatar } from "../ui/Avatar.tsx";
import { Drawer } from "../ui/Drawer.tsx";
import { Icon } from "../ui/Icon.tsx";
import styles from "./Chat.module.css";
import type { DialogName } from "./Dialogs.tsx";
import type { Panels } from "./panels.ts";
import { addressOf } from "./route.ts";

interface Props {
  readonly rooms: readonly RoomSummary[];
  readonly current: string;
  readonly user: string | null;
  readonly panels: Panels;
  onOpen(room: string): void;
  onDialog(dialog: DialogName): void;
  onChangeName(): void;
}

/** The rooms, and the user's own name and menu. */
export function Sidebar({ rooms, current, user, panels, onOpen, onDialog, onChangeName }: Props) {
  const texts = useTexts();
  return (
    <Drawer
      id="rooms"
      className={styles.side}
      label={texts.rooms.column}
      open={panels.open === "rooms"}
      modal={panels.modal}
      onClose={panels.onClose}
    >
      <p className={styles.brand}>hubbub</p>
      <button className={styles.jump} type="button" onClick={() => onDialog("switcher")}>
        <Icon name="search" />
        {texts.rooms.switcher}
      </button>
      <RoomList
        rooms={rooms}
        current={current}
        addressOf={addressOf}
        onOpen={onOpen}
        onJoin={() => onDialog("join")}
      />
      <Me name={user} onDialog={onDialog} onChangeName={onChangeName} />
    </Drawer>
  );
}

interface MeProps extends Pick<Props, "onDialog" | "onChangeName"> {
  readonly name: string | null;
}

function Me({ name, onDialog, onChangeName }: MeProps) {
  const { me } = useTexts();
  const items = [
    { label: me.changeName, icon: "edit" as const, act: onChangeName },
    { label: me.settings, icon: "settings" as const, act: () => onDialog("settings") },
    { label: me.keys, icon: "help" as const, act: () => onDialog("keys") },
  ];
  return (
    <div className={styles.account}>
      <Menu isNamed label={me.menu} className={styles.me} items={items} side="above">
        <Avatar name={name ?? "…"} />
        <bdi className={styles.name}>{name ?? "…"}</bdi>
        <span className={styles.hidden}>{me.menu}</span>
        <Icon name="more" />
      </Menu>
    </div>
  );
}
