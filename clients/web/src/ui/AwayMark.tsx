import styles from "./AwayMark.module.css";

/** A hollow dot for a user who is away. The label is its text, unless the text stands beside it. */
export function AwayMark({ label }: { readonly label?: string }) {
  if (label === undefined) return <span className={styles.mark} aria-hidden="true" />;
  return <span className={styles.mark} role="img" aria-label={label} title={label} />;
}
