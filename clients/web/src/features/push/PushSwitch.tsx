import type { Client } from "@hubbub/client";
import { useEffect, useState } from "react";
import { useAllTexts } from "../../i18n/useAllTexts.ts";
import type { Preferences } from "../../stores/preferences.ts";
import buttons from "../../ui/buttons.module.css";
import { isOffered, subscribe, subscription, unsubscribe } from "./push.ts";
import { mutedOf } from "./usePush.ts";

interface Props {
  readonly client: Client;
  readonly preferences: Preferences;
}

/** Switches pushes to this browser on and off, if the server and the browser can push. */
export function PushSwitch({ client, preferences }: Props) {
  const { notify } = useAllTexts();
  const offered = isOffered(client);
  const [isOn, setOn] = useState<boolean | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    if (!offered) return;
    subscription().then(
      (found) => setOn(found !== null),
      () => setOn(false),
    );
  }, [offered]);
  if (!offered || isOn === null) return null;

  const change = async () => {
    setFailed(false);
    if (isOn) await unsubscribe();
    else if ((await Notification.requestPermission()) !== "granted") return;
    else await subscribe(client.user ?? "", mutedOf(preferences.notifyOf));
    setOn(!isOn);
  };
  return (
    <>
      <button
        className={buttons.usual}
        type="button"
        aria-pressed={isOn}
        onClick={() => void change().catch(() => setFailed(true))}
      >
        {notify.push}
      </button>
      {isOn && <p>{notify.pushed}</p>}
      {failed && <p role="alert">{notify.pushFailed}</p>}
    </>
  );
}
