/** What the message field is for, and the way out. A part. */
import { useTexts } from "../../i18n/language.tsx";
import buttons from "../../ui/buttons.module.css";
import { Icon } from "../../ui/Icon.tsx";
import { plainText } from "../markup/plainText.ts";
import styles from "./Composer.module.css";
import type { ComposerMode } from "./RoomComposer.tsx";

interface Props {
  readonly mode: Exclude<ComposerMode, { kind: "new" }>;
  onCancel(): void;
}

export default function ModeBar({ mode: { kind, row }, onCancel }: Props) {
  const { message } = useTexts();
  return (
    <div className={styles.mode} role="status">
      <Icon name={kind === "edit" ? "edit" : "reply"} />
      <strong>{kind === "edit" ? message.editing : message.replyTo(row.message.user)}</strong>
      <span className={styles.modeText}>{plainText(row.message.text)}</span>
      <button
        className={buttons.icon}
        type="button"
        aria-label={message.cancel}
        title={message.cancel}
        onClick={onCancel}
      >
        <Icon name="close" />
      </button>
    </div>
  );
}
