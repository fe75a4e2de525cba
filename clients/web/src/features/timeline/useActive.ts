/** Whether the actions of a row are shown: the pointer is over it, it has the focus, or it was pressed for long. */
import {
  type FocusEvent,
  type PointerEvent,
  useCallback,
  useEffect,
  useRef,
  useState,
} from "react";

const longPress = 450;

export function useActive() {
  const [active, setActive] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const cancel = useCallback(() => clearTimeout(timer.current), []);
  useEffect(() => cancel, [cancel]);
  useEffect(() => {
    if (!active) return;
    const elsewhere = (event: Event) => {
      if (!(event.target as Element).closest?.("[data-row]")?.matches(":hover, :focus-within"))
        setActive(false);
    };
    document.addEventListener("pointerdown", elsewhere);
    return () => document.removeEventListener("pointerdown", elsewhere);
  }, [active]);

  const handlers = {
    onPointerEnter: ({ pointerType }: PointerEvent) => pointerType === "mouse" && setActive(true),
    onPointerLeave({ pointerType, currentTarget }: PointerEvent) {
      cancel();
      const focused = currentTarget.contains(document.activeElement);
      if (pointerType === "mouse" && !focused) setActive(false);
    },
    onPointerDown({ pointerType }: PointerEvent) {
      if (pointerType === "touch") timer.current = setTimeout(() => setActive(true), longPress);
    },
    onPointerUp: cancel,
    onPointerCancel: cancel,
    onPointerMove: cancel,
    onFocus: () => setActive(true),
    onBlur({ currentTarget, relatedTarget }: FocusEvent) {
      if (!currentTarget.contains(relatedTarget)) setActive(currentTarget.matches(":hover"));
    },
  };
  return [active, handlers] as const;
}
