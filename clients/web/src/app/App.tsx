import styles from "./App.module.css";

/** The whole page. For now it only says hello. */
export function App() {
  return (
    <main className={styles.page}>
      <h1>hubbub</h1>
      <p>Nobody here yet.</p>
    </main>
  );
}
