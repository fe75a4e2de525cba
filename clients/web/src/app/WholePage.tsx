import { useAllTexts } from "../i18n/useAllTexts.ts";
import buttons from "../ui/buttons.module.css";
import { Icon } from "../ui/Icon.tsx";
import { addressOf } from "./route.ts";

/** The way from a frame to the whole page. */
export default function WholePage({ name }: { readonly name: string }) {
  const { page } = useAllTexts();
  return (
    <a
      className={buttons.icon}
      href={addressOf(name)}
      target="_blank"
      rel="noopener"
      aria-label={page.whole}
      title={page.whole}
    >
      <Icon name="link" />
    </a>
  );
}
