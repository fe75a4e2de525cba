import type { AllTexts } from "../../i18n/allEnglish.ts";
import { useAllTexts } from "../../i18n/useAllTexts.ts";
import styles from "./TypingLine.module.css";

const most = 3;

/** The users who are typing. The line is always present, so that nothing moves. */
export default function TypingLine({ typing }: { readonly typing: readonly string[] }) {
  return <p className={styles.line}>{words(typing, useAllTexts())}</p>;
}

function words(typing: readonly string[], { list, locale }: AllTexts): string {
  if (typing.length === 0) return "";
  if (typing.length > most) return list.manyTyping;
  const names = new Intl.ListFormat(locale, { type: "conjunction" });
  return list.typing(names.format(typing), typing.length);
}
