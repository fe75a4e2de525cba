/** A part of the page: its script is loaded when it is first shown. */
import { type ComponentType, createElement, useEffect, useReducer } from "react";
import { useLatest } from "../../hooks/useLatest.ts";
import { useTexts } from "../../i18n/language.tsx";
import { useToast } from "../../ui/Toasts.tsx";

interface Closable {
  onClose(): void;
}

/** What is typed before a part is there is meant for it: no other field gets it for so long, in ms. */
const withheldFor = 1_000;

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
      const giveKeysBack = withholdKeys();
      load()
        .finally(giveKeysBack)
        .then(
          (module) => {
            loaded = module.default;
            if (isOpen) render();
          },
          () => isOpen && onFailure(),
        );
      return () => {
        isOpen = false;
        giveKeysBack();
      };
    }, [onFailure]);
    return loaded === null ? null : createElement(loaded, props);
  };
}

/** Keep what is typed away from the page, until the returned function is called. */
function withholdKeys(): () => void {
  const stop = new AbortController();
  const press = (event: KeyboardEvent) => {
    const { key, ctrlKey, altKey, metaKey } = event;
    if (ctrlKey || altKey || metaKey || (key.length > 1 && key !== "Enter")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  window.addEventListener("keydown", press, { capture: true, signal: stop.signal });
  setTimeout(() => stop.abort(), withheldFor);
  return () => stop.abort();
}
