import styles from "./Avatar.module.css";
import { hueStyle, isStrong } from "./hue.ts";

/** The first character of a name in its colour; decorative, because the name is next to it. */
export function Avatar({ name }: { readonly name: string }) {
  const [first = "?"] = name;
  return (
    <span
      className={styles.avatar}
      style={hueStyle(name)}
      data-strong={isStrong(name)}
      aria-hidden="true"
    >
      {first.toUpperCase()}
    </span>
  );
}
