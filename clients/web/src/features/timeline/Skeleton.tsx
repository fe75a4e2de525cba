import styles from "./Skeleton.module.css";

/** Widths in per cent, as of a usual conversation. */
const lines = [[38], [72, 54], [46], [64, 81, 30], [52]];

/** Grey lines in the place of messages that are being loaded. */
export function Skeleton() {
  return (
    <div className={styles.list} aria-hidden="true">
      {lines.map((widths) => (
        <div key={widths.join()} className={styles.entry}>
          <span className={styles.avatar} />
          {widths.map((width) => (
            <span key={width} className={styles.line} style={{ inlineSize: `${width}%` }} />
          ))}
        </div>
      ))}
    </div>
  );
}
