import { part } from "../parts/part.ts";

/** The picker of emoji, which is loaded when it is first opened. */
export const LazyEmojiPicker = part(() => import("./EmojiPicker.tsx"));
