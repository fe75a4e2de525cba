import { useTexts } from "../../i18n/language.tsx";
import type { Listbox } from "../../ui/useListbox.ts";
import { completionAt, type Suggestion } from "./completion.ts";
import styles from "./Suggestions.module.css";

interface Props {
  readonly completion: {
    readonly list: Listbox<Suggestion>;
    readonly suggestions: readonly Suggestion[];
  };
}

/** What the suggestions are: with their list, because they are loaded together. */
export const complete = completionAt;

/** The suggestions above the message field. */
export function Suggestions({ completion: { list, suggestions } }: Props) {
  const { composer } = useTexts();
  if (suggestions.length === 0) return null;
  return (
    <div id={list.id} className={styles.list} role="listbox" aria-label={composer.suggestions}>
      {suggestions.map((suggestion, at) => (
        <div
          key={suggestion.label}
          id={list.optionId(at)}
          className={styles.option}
          role="option"
          tabIndex={-1}
          aria-selected={at === list.active}
          onPointerDown={(event) => {
            event.preventDefault(); // the field keeps the focus
            list.choose(suggestion);
          }}
        >
          <span className={styles.sign} aria-hidden="true">
            {suggestion.sign}
          </span>
          <bdi>{suggestion.label}</bdi>
        </div>
      ))}
    </div>
  );
}
