import { useAllTexts } from "../i18n/useAllTexts.ts";
import buttons from "../ui/buttons.module.css";
import { Icon } from "../ui/Icon.tsx";
import styles from "./Chat.module.css";

interface Props {
  readonly refusal: { readonly code: string; readonly message: string };
  onBack(): void;
}

/** Why the user cannot join the room, and the way back. */
export default function Refused({ refusal, onBack }: Props) {
  const { rooms } = useAllTexts();
  const reason = refusal.code === "too_many_rooms" ? rooms.tooMany : refusal.message;
  return (
    <div className={styles.refused} role="alert">
      <Icon name="close" />
      <p>{rooms.refused(reason)}</p>
      <button className={buttons.usual} type="button" onClick={onBack}>
        {rooms.refusedAway}
      </button>
    </div>
  );
}
