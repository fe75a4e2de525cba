/** Sizes of files and images, as they are shown. */
import type { File } from "@hubbub/client";

const units = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
/** The largest image in a message, in CSS pixels. */
const widest = 360;
const highest = 280;

/** A number of bytes in the largest unit of which it has at least one. */
export function sizeOf(bytes: number, locale: string): string {
  const at = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
  const unit = units[at] ?? "byte";
  const unitDisplay = at === 0 ? "long" : "short";
  const format = { style: "unit", unit, unitDisplay, maximumFractionDigits: 1 } as const;
  return new Intl.NumberFormat(locale, format).format(bytes / 1000 ** at);
}

/** The place of an image, which is reserved before it is loaded; null for any other file. */
export function placeOf({ type, width, height }: File): { width: number; height: number } | null {
  if (!/^image\/(png|jpeg|gif|webp)$/.test(type) || !width || !height) return null;
  const scale = Math.min(1, widest / width, highest / height);
  return {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
  };
}
