import { type ReactNode, useState } from "react";
import buttons from "./buttons.module.css";
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

/** Copy a text; false if the browser does not allow it. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyOld(text);
  }
}

/** Without TLS there is no clipboard object. */
function copyOld(text: string): boolean {
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  const focused = document.activeElement;
  field.select();
  const copied = document.execCommand?.("copy") ?? false;
  field.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return copied;
}
