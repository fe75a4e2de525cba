/** Code with colours: a part of the page, loaded with the first code block that names its language. */
import { useMemo } from "react";
import styles from "./Code.module.css";
import { tokensOf } from "./tokens.ts";

interface Props {
  readonly language: string;
  readonly children: string;
}

export default function Code({ language, children: text }: Props) {
  const tokens = useMemo(() => tokensOf(language, text), [language, text]);
  return (
    tokens?.map(({ kind, text }, at) =>
      kind === null ? (
        text
      ) : (
        // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text never move
        <span key={at} className={styles[kind]}>
          {text}
        </span>
      ),
    ) ?? text
  );
}
