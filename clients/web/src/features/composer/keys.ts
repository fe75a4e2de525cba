/** What a stroke of the Enter key means. */

export interface Stroke {
  readonly key: string;
  readonly shiftKey: boolean;
  readonly keyCode: number;
  readonly isComposing: boolean;
}

/** Tell whether an input method is still making up a word: its Enter takes the word, it sends nothing. */
export function isComposing({ isComposing, keyCode }: Stroke): boolean {
  // 229: some browsers end the composition before they tell the stroke that ended it.
  return isComposing || keyCode === 229;
}

export function sends(stroke: Stroke): boolean {
  return stroke.key === "Enter" && !stroke.shiftKey && !isComposing(stroke);
}
