import { type FormEvent, useState } from "react";
import { useAllTexts } from "../../i18n/useAllTexts.ts";
import buttons from "../../ui/buttons.module.css";
import { Dialog } from "../../ui/Dialog.tsx";
import styles from "./DateDialog.module.css";

interface Props {
  /** Called with the beginning of the day, in the user's time zone. */
  onChoose(at: number): void;
  onClose(): void;
}

/** Asks for a day to go to. */
export default function DateDialog({ onChoose, onClose }: Props) {
  const { date, settings } = useAllTexts();
  const [day, setDay] = useState(dayAgo(0));
  const choose = (chosen: string) => {
    // Without a time zone: the beginning of the day where the user is.
    const at = new Date(`${chosen}T00:00`).getTime();
    if (Number.isNaN(at)) return;
    onClose();
    onChoose(at);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    choose(day);
  };
  return (
    <Dialog title={date.title} closeLabel={settings.close} onClose={onClose}>
      <form className={styles.form} onSubmit={submit}>
        <input
          className={styles.field}
          data-first
          type="date"
          required
          aria-label={date.label}
          max={dayAgo(0)}
          value={day}
          onChange={(event) => setDay(event.target.value)}
        />
        <button className={buttons.main} type="submit">
          {date.go}
        </button>
      </form>
      <div className={styles.shortcuts}>
        <button className={buttons.usual} type="button" onClick={() => choose(dayAgo(7))}>
          {date.week}
        </button>
        <button className={buttons.usual} type="button" onClick={() => choose(dayAgo(30))}>
          {date.month}
        </button>
      </div>
    </Dialog>
  );
}

/** Return the local date so many days ago, as a date field has it. */
function dayAgo(days: number): string {
  const day = new Date();
  day.setDate(day.getDate() - days);
  const two = (part: number) => String(part).padStart(2, "0");
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}
