/** Error texts for messages that were not sent. */
import { useCallback } from "react";
import { useTexts } from "../../i18n/language.tsx";
import { later } from "../parts/later.ts";

const useErrorTexts = later(() => import("./errorTexts.ts"));

/** Return the function from an error code to its text; for an unknown code, or without the part, the server's message. */
export function useSendErrorText(): (code: string, message: string) => string {
  const texts = useTexts();
  const part = useErrorTexts();
  return useCallback(
    (code, message) => part?.errorText(texts, code) ?? (message === "" ? `${code}.` : message),
    [part, texts],
  );
}
