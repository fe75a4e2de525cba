import { type Texts, useTexts } from "../../i18n/language.tsx";
import type { PresenceNote } from "./presence.ts";
import styles from "./Timeline.module.css";

const mostNames = 3;

/** "Ann, Bob and 3 others joined". */
export function PresenceLine({ note: { joined, left } }: { readonly note: PresenceNote }) {
  const texts = useTexts();
  const { presence } = texts;
  const parts = [
    ...(joined.length > 0 ? [presence.joined(listOf(joined, texts))] : []),
    ...(left.length > 0 ? [presence.left(listOf(left, texts))] : []),
  ];
  return <li className={styles.presence}>{parts.join(" · ")}</li>;
}

function listOf(names: readonly string[], { locale, presence }: Texts): string {
  const shown = names.length > mostNames ? names.slice(0, mostNames - 1) : names;
  const rest = names.length - shown.length;
  const all = rest > 0 ? [...shown, presence.others(rest)] : shown;
  return new Intl.ListFormat(locale).format(all);
}
