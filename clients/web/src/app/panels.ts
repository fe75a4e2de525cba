/** The columns beside the open room. In a narrow window they are overlays, one at a time. */
import { useCallback, useMemo, useState } from "react";
import { useMedia } from "../hooks/useMedia.ts";

export type Panel = "rooms" | "members" | "search" | "thread";

export interface Panels {
  readonly open: Panel | null;
  /** Whether the open one covers the page. */
  readonly modal: boolean;
  onOpen(panel: Panel): void;
  onToggle(panel: Panel): void;
  onClose(): void;
}

export function usePanels(): Panels {
  const [open, setOpen] = useState<Panel | null>(null);
  const narrow = useMedia("(width < 44rem)");
  const onToggle = useCallback(
    (panel: Panel) => setOpen((before) => (before === panel ? null : panel)),
    [],
  );
  const onClose = useCallback(() => setOpen(null), []);
  return useMemo(
    () => ({ open, modal: open !== null && narrow, onOpen: setOpen, onToggle, onClose }),
    [open, narrow, onToggle, onClose],
  );
}
