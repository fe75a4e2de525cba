import type { Client } from "@hubbub/client";
import { useState } from "react";
import { languages } from "../../i18n/language.tsx";
import { useAllTexts } from "../../i18n/useAllTexts.ts";
import { densities, type Preferences, textSizes, themes } from "../../stores/preferences.ts";
import type { Stores } from "../../stores/stores.ts";
import { useSaved } from "../../stores/useSaved.ts";
import buttons from "../../ui/buttons.module.css";
import { Dialog } from "../../ui/Dialog.tsx";
import { permission } from "../attention/useNotifications.ts";
import { PushSwitch } from "../push/PushSwitch.tsx";
import { Choice } from "./Choice.tsx";
import styles from "./SettingsDialog.module.css";

interface Props {
  readonly client: Client;
  readonly stores: Stores;
  onClose(): void;
}

/** The settings of this browser. Each change applies at once. */
export function SettingsDialog({ client, stores, onClose }: Props) {
  const { settings } = useAllTexts();
  const preferences = useSaved(stores.preferences);
  const change = (part: Partial<Preferences>) =>
    stores.preferences.update((before) => ({ ...before, ...part }));
  const languageOptions = [
    { value: "auto" as const, label: settings.auto },
    ...Object.entries(languages).map(([value, label]) => ({
      value: value as keyof typeof languages,
      label,
    })),
  ];
  return (
    <Dialog title={settings.title} closeLabel={settings.close} onClose={onClose}>
      <Choice
        label={settings.theme}
        options={themes.map((value) => ({ value, label: settings[value] }))}
        value={preferences.theme}
        onChange={(theme) => change({ theme })}
      />
      <Choice
        label={settings.density}
        options={densities.map((value) => ({ value, label: settings[value] }))}
        value={preferences.density}
        onChange={(density) => change({ density })}
      />
      <Choice
        label={settings.textSize}
        options={textSizes.map((value) => ({ value, label: settings[value] }))}
        value={preferences.textSize}
        onChange={(textSize) => change({ textSize })}
      />
      <Choice
        label={settings.language}
        options={languageOptions}
        value={preferences.language ?? "auto"}
        onChange={(value) => change({ language: value === "auto" ? null : value })}
      />
      <Notifications client={client} preferences={preferences} change={change} />
    </Dialog>
  );
}

interface NotificationsProps {
  readonly client: Client;
  readonly preferences: Preferences;
  change(part: Partial<Preferences>): void;
}

/** The browser asks for the permission only after this button was pressed. */
function Notifications({ client, preferences, change }: NotificationsProps) {
  const { notify } = useAllTexts();
  const [allowed, setAllowed] = useState(permission);
  const isOn = preferences.notify && allowed === "granted";
  const enable = async () => {
    if (isOn) return change({ notify: false });
    const answer = await Notification.requestPermission();
    setAllowed(answer);
    change({ notify: answer === "granted" });
  };
  const blocked = { denied: notify.blocked, unsupported: notify.unsupported }[allowed as string];
  return (
    <section className={styles.notify} aria-labelledby="notify">
      <h3 id="notify">{notify.title}</h3>
      {blocked !== undefined ? (
        <p>{blocked}</p>
      ) : (
        <button
          className={buttons.usual}
          type="button"
          aria-pressed={isOn}
          onClick={() => void enable()}
        >
          {notify.enable}
        </button>
      )}
      {isOn && <p>{notify.enabled}</p>}
      {blocked === undefined && <PushSwitch client={client} preferences={preferences} />}
    </section>
  );
}
