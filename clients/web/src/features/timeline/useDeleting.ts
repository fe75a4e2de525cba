/** Delete messages, with some seconds to undo it: what is deleted on the server is gone. */
import type { MessageRow, Room } from "@hubbub/client";
import { useCallback, useEffect, useRef, useState } from "react";
import { useTexts } from "../../i18n/language.tsx";
import { useToast } from "../../ui/Toasts.tsx";
import { positionOf, useReportChange } from "./useEntryActions.ts";

const undoableFor = 6_000;

export function useDeleting(room: Room): [ReadonlySet<number>, (row: MessageRow) => void] {
  const { message } = useTexts();
  const toast = useToast();
  const report = useReportChange();
  const [offsets, setOffsets] = useState<ReadonlySet<number>>(new Set());
  const waiting = useRef(new Map<number, () => void>());

  const start = useCallback(
    (row: MessageRow) => {
      const { offset } = row.message;
      const stop = () => {
        clearTimeout(timer);
        waiting.current.delete(offset);
      };
      const finish = () => {
        stop();
        report(room.delete(positionOf(row)));
      };
      const undo = () => {
        stop();
        setOffsets((before) => new Set([...before].filter((one) => one !== offset)));
      };
      const timer = setTimeout(finish, undoableFor);
      waiting.current.set(offset, finish);
      setOffsets((before) => new Set([...before, offset]));
      toast({ text: message.deletedNow, action: { label: message.undo, act: undo } });
    },
    [room, report, toast, message],
  );

  // Who leaves the room or the page does not undo it.
  useEffect(() => {
    const { current } = waiting;
    const finishAll = () => {
      for (const finish of [...current.values()]) finish();
    };
    window.addEventListener("pagehide", finishAll);
    return () => {
      window.removeEventListener("pagehide", finishAll);
      finishAll();
    };
  }, []);
  return [offsets, start];
}
