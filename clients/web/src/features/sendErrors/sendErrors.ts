/** Error texts for messages that were not sent. */
import type { Texts } from "../../i18n/language.tsx";

/** Return the text for an error code; for an unknown code, the server's message. */
export function sendErrorText({ sendErrors }: Texts, code: string, message: string): string {
  return sendErrors[code] ?? (message === "" ? `${code}.` : message);
}
