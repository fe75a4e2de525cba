import { part } from "../features/parts/part.ts";
import type { MoreDialogsProps } from "./MoreDialogs.tsx";

export type DialogName = MoreDialogsProps["open"];

const MoreDialogs = part(() => import("./MoreDialogs.tsx"));

interface Props extends Omit<MoreDialogsProps, "open"> {
  readonly open: DialogName | null;
}

/** The dialog that is open. */
export function Dialogs({ open, ...props }: Props) {
  return open === null ? null : <MoreDialogs open={open} {...props} />;
}
