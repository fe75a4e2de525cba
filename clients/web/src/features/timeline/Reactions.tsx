import type { MessageRow, Reaction } from "@hubbub/client";
import { useTexts } from "../../i18n/language.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { withEmoji } from "../emoji/data.ts";
import type { EntryActions } from "./entryActions.ts";
import styles from "./Reactions.module.css";

interface Props {
  readonly row: MessageRow;
  readonly actions: EntryActions;
}

/** The reactions to a message. A press adds the own one, or takes it back. A part. */
export default function Reactions({ row, actions }: Props) {
  const { message } = useTexts();
  const reactions = row.message.reactions ?? [];
  if (reactions.length === 0) return null;
  return (
    <div className={styles.list}>
      {reactions.map((reaction) => (
        <Chip key={reaction.emoji} reaction={reaction} row={row} actions={actions} />
      ))}
      {actions.can("react") && actions.isKept(row) && (
        <button
          className={styles.chip}
          type="button"
          aria-label={message.react}
          title={message.react}
          onClick={() => actions.react(row)}
        >
          <Icon name="add" />
        </button>
      )}
    </div>
  );
}

function Chip({ reaction, row, actions }: Props & { readonly reaction: Reaction }) {
  const { message, locale } = useTexts();
  const { emoji, users } = reaction;
  const isMine = users.some((one) => actions.isMe(one));
  const names = new Intl.ListFormat(locale).format(users.map(({ user }) => user));
  return (
    <button
      className={styles.chip}
      type="button"
      aria-pressed={isMine}
      aria-label={`${users.length} ${message.reactions(emoji, names)}`}
      title={names}
      disabled={!actions.can("react") || !actions.isKept(row)}
      onClick={() => actions.toggle(row, emoji, !isMine)}
    >
      <span aria-hidden="true">{withEmoji(emoji)}</span>
      <span aria-hidden="true">{users.length}</span>
    </button>
  );
}
