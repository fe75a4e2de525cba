import type { MessageRow, OwnRow } from "@hubbub/client";
import { useAllTexts } from "../../i18n/useAllTexts.ts";
import { Icon, type IconName } from "../../ui/Icon.tsx";
import styles from "./ActionBar.module.css";
import type { EntryActions } from "./entryActions.ts";

interface Props {
  readonly row: MessageRow | OwnRow;
  readonly actions: EntryActions;
}

/** The actions of a message, at its upper edge. */
export function ActionBar({ row, actions }: Props) {
  const { message } = useAllTexts();
  const kept = row.kind === "message" && actions.isKept(row) ? row : null;
  return (
    <div className={styles.bar} role="toolbar" aria-label={message.actions}>
      {kept !== null && <Changes row={kept} actions={actions} />}
      <Action icon="copy" label={message.copy} act={() => actions.copyText(row)} />
      {kept !== null && (
        <Action icon="link" label={message.link} act={() => actions.copyLink(kept)} />
      )}
      {kept?.own && actions.can("delete") && (
        <Action icon="trash" label={message.delete} act={() => actions.delete(kept)} />
      )}
    </div>
  );
}

function Changes({ row, actions }: { readonly row: MessageRow; readonly actions: EntryActions }) {
  const { message } = useAllTexts();
  return (
    <>
      {actions.can("react") && (
        <Action icon="face" label={message.react} act={() => actions.react(row)} />
      )}
      {actions.can("reply") && (
        <Action icon="reply" label={message.reply} act={() => actions.reply(row)} />
      )}
      {actions.can("threads") && (
        <Action icon="thread" label={message.thread} act={() => actions.thread(row)} />
      )}
      {row.own && actions.can("edit") && (
        <Action icon="edit" label={message.edit} act={() => actions.edit(row)} />
      )}
    </>
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
