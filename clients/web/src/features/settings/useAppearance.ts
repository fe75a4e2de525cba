import { useLayoutEffect } from "react";
import type { Preferences } from "../../stores/preferences.ts";

/** Put the theme, density and text size onto the root element, where the tokens read them. */
export function useAppearance({ theme, density, textSize }: Preferences): void {
  useLayoutEffect(() => {
    Object.assign(document.documentElement.dataset, { theme, density, textSize });
  }, [theme, density, textSize]);
}
