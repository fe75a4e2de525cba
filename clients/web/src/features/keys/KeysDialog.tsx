import { useTexts } from "../../i18n/language.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { allChords, printed } from "./chords.ts";
import styles from "./KeysDialog.module.css";

/** The keys of the page, from the table that defines them. */
export function KeysDialog({ onClose }: { onClose(): void }) {
  const texts = useTexts();
  const { groups } = texts.keys;
  const words = texts.keys as unknown as Readonly<Record<string, string>>;
  return (
    <Dialog title={texts.keys.title} closeLabel={texts.settings.close} onClose={onClose}>
      {Object.entries(groups).map(([group, title]) => (
        <section key={group}>
          <h3 className={styles.title}>{title}</h3>
          <dl className={styles.list}>
            {Object.entries(allChords)
              .filter(([, chord]) => chord.group === group)
              .map(([name, { keys }]) => (
                <div key={name} className={styles.row}>
                  <dt>{words[name]}</dt>
                  <dd>
                    {keys.map((one) => (
                      <Keys key={one} keys={one} />
                    ))}
                  </dd>
                </div>
              ))}
          </dl>
        </section>
      ))}
    </Dialog>
  );
}

function Keys({ keys }: { readonly keys: string }) {
  return (
    <span className={styles.keys}>
      {printed(keys).map((part) => (
        <kbd key={part}>{part}</kbd>
      ))}
    </span>
  );
}
