import type { MessageRow, OwnRow } from "@hubbub/client";
import { useTexts } from "../../i18n/language.tsx";
import { Icon, type IconName } from "../../ui/Icon.tsx";
import styles from "./ActionBar.module.css";
import type { EntryActions } from "./Entry.tsx";

interface Props {
  readonly row: MessageRow | OwnRow;
  readonly actions: EntryActions;
}

/** The actions of a message, at its upper edge. */
export function ActionBar({ row, actions }: Props) {
  const { message } = useTexts();
  return (
    <div className={styles.bar} role="toolbar" aria-label={message.actions}>
      <Action icon="copy" label={message.copy} act={() => actions.copyText(row)} />
      {row.kind === "message" && (
        <Action icon="link" label={message.link} act={() => actions.copyLink(row)} />
      )}
    </div>
  );
}

interface ActionProps {
  readonly icon: IconName;
  readonly label: string;
  act(): void;
}

function Action({ icon, label, act }: ActionProps) {
  return (
    <button className={styles.action} type="button" aria-label={label} title={label} onClick={act}>
      <Icon name={icon} />
    </button>
  );
}
