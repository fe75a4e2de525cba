/** What the page does without for a moment: its script is loaded with the first component that uses it. */
import {
  type ComponentType,
  createElement,
  type PropsWithChildren,
  useEffect,
  useState,
} from "react";

/** Return a hook that returns the module, and null until it is loaded, or if it can't be. */
export function later<Module extends object>(load: () => Promise<Module>): () => Module | null {
  let loaded: Module | null = null;
  return function useLater() {
    const [module, setModule] = useState(loaded);
    useEffect(() => {
      load().then(
        (now) => {
          loaded = now;
          setModule(now);
        },
        () => {},
      );
    }, []);
    return module;
  };
}

/** Return a component that shows its children, if any, until its script is loaded. */
export function laterShown<P extends object>(
  load: () => Promise<{ readonly default: ComponentType<P> }>,
): ComponentType<PropsWithChildren<P>> {
  const useLater = later(load);
  return function Later(props: PropsWithChildren<P>) {
    const module = useLater();
    return module ? createElement(module.default, props) : props.children;
  };
}
