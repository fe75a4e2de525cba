import styles from "./TypingLine.module.css";

const names = new Intl.ListFormat(undefined, { type: "conjunction" });
const most = 3;

/** The users who are typing. The line is always present, so that nothing moves. */
export function TypingLine({ typing }: { readonly typing: readonly string[] }) {
  return <p className={styles.line}>{words(typing)}</p>;
}

function words(typing: readonly string[]): string {
  if (typing.length === 0) return "";
  if (typing.length > most) return "Several people are typing…";
  return `${names.format(typing)} ${typing.length === 1 ? "is" : "are"} typing…`;
}
