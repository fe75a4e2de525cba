import { type ReactNode, useState } from "react";
import buttons from "./buttons.module.css";
import { copyText } from "./copyText.ts";
import { Icon } from "./Icon.tsx";

const shownFor = 2_000;

interface Props {
  text(): string;
  /** The label for a moment after copying. */
  readonly done: string;
  readonly children: ReactNode;
}

/** Copies a text, and says so. */
export function CopyButton({ text, done, children }: Props) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    if (!(await copyText(text()))) return;
    setCopied(true);
    setTimeout(() => setCopied(false), shownFor);
  };
  return (
    <button className={buttons.usual} type="button" onClick={() => void copy()}>
      <Icon name={copied ? "check" : "link"} />
      <span role="status">{copied ? done : children}</span>
    </button>
  );
}
