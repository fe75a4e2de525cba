import styles from "../../ui/Icon.module.css";

/** A paper clip. It is beside the other icons because only parts show it. */
export function FileIcon() {
  return (
    <svg className={styles.icon} viewBox="0 0 24 24" aria-hidden="true">
      <path d="M19 11.5l-7.5 7.5a4.5 4.5 0 0 1-6.5-6.5L13 4.5a3 3 0 0 1 4.5 4.5L9.5 17a1.5 1.5 0 0 1-2.3-2.3L14 8" />
    </svg>
  );
}
