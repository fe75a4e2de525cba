/** A part of the page: its script is loaded when it is first shown. */
import { type ComponentType, createElement, useEffect, useReducer } from "react";
import { useLatest } from "../../hooks/useLatest.ts";
import { useTexts } from "../../i18n/language.tsx";
import { useToast } from "../../ui/Toasts.tsx";

interface Closable {
  onClose(): void;
}

type Load<P> = () => Promise<{ readonly default: ComponentType<P> }>;

/** Return a component that loads its script. Without a network, or with a newer node, it says so and closes. */
export function part<P extends Closable>(load: Load<P>): ComponentType<P> {
  let loaded: ComponentType<P> | null = null;
  return function Part(props: P) {
    const [, render] = useReducer((times: number) => times + 1, 0);
    const toast = useToast();
    const { page } = useTexts();
    const onFailure = useLatest(() => {
      toast({ text: page.notLoaded });
      props.onClose();
    });
    useEffect(() => {
      if (loaded !== null) return;
      let isOpen = true;
      load().then(
        (module) => {
          loaded = module.default;
          if (isOpen) render();
        },
        () => isOpen && onFailure(),
      );
      return () => {
        isOpen = false;
      };
    }, [onFailure]);
    return loaded === null ? null : createElement(loaded, props);
  };
}
