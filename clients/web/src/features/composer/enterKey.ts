/** The meaning of the Enter key in the composer. */
import type { KeyboardEvent } from "react";

export interface KeyStroke {
  readonly key: string;
  readonly shiftKey: boolean;
  readonly keyCode: number;
  readonly isComposing: boolean;
}

/** Return whether an input method is composing a word: then Enter confirms the word and sends nothing. */
export function isComposing({ isComposing, keyCode }: KeyStroke): boolean {
  // 229: some browsers end the composition before the key event that ended it.
  return isComposing || keyCode === 229;
}

export function sends(stroke: KeyStroke): boolean {
  return stroke.key === "Enter" && !stroke.shiftKey && !isComposing(stroke);
}

export function strokeOf({ key, shiftKey, keyCode, nativeEvent }: KeyboardEvent): KeyStroke {
  return { key, shiftKey, keyCode, isComposing: nativeEvent.isComposing };
}
