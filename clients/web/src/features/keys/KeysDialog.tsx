import { useAllTexts } from "../../i18n/useAllTexts.ts";
import { Dialog } from "../../ui/Dialog.tsx";
import { groups, printed } from "./help.ts";
import styles from "./KeysDialog.module.css";

/** The keys of the page, from the table that defines them. */
export function KeysDialog({ onClose }: { onClose(): void }) {
  const texts = useAllTexts();
  const words = texts.keys as unknown as Readonly<Record<string, string>>;
  return (
    <Dialog title={texts.keys.title} closeLabel={texts.settings.close} onClose={onClose}>
      {(Object.keys(groups) as (keyof typeof groups)[]).map((group) => (
        <section key={group}>
          <h3 className={styles.title}>{texts.keys.groups[group]}</h3>
          <dl className={styles.list}>
            {Object.entries(groups[group]).map(([name, keys]) => (
              <div key={name} className={styles.row}>
                <dt>{words[name]}</dt>
                <dd>
                  {keys.map((one: string) => (
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
