import type { AllTexts } from "../../i18n/allEnglish.ts";
import { useAllTexts } from "../../i18n/useAllTexts.ts";
import styles from "./EventLine.module.css";
import type { PresenceNote } from "./presence.ts";

const mostNames = 3;

/** "Ann, Bob and 3 others joined". */
export default function PresenceLine({ note: { joined, left } }: { readonly note: PresenceNote }) {
  const texts = useAllTexts();
  const { presence } = texts;
  const parts = [
    ...(joined.length > 0 ? [presence.joined(listOf(joined, texts))] : []),
    ...(left.length > 0 ? [presence.left(listOf(left, texts))] : []),
  ];
  return <li className={styles.event}>{parts.join(" · ")}</li>;
}

function listOf(names: readonly string[], { locale, presence }: AllTexts): string {
  const shown = names.length > mostNames ? names.slice(0, mostNames - 1) : names;
  const rest = names.length - shown.length;
  const all = rest > 0 ? [...shown, presence.others(rest)] : shown;
  return new Intl.ListFormat(locale).format(all);
}
