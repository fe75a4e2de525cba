/** Remove what a picture says beside its pixels: the place and time of a photo, the device, texts. */

type Bytes = Uint8Array<ArrayBuffer>;

const pngText = new Set(["eXIf", "iTXt", "tEXt", "tIME", "zTXt"]);
const webpText = new Set(["EXIF", "XMP "]);
/** The flags of the first chunk that announce those. */
const webpFlags = 0x0c;

/** Return the parts of a PNG without its texts; null if it is none. An animation stays. */
export function cleanPng(bytes: Bytes): Bytes[] | null {
  if (textAt(bytes, 1, 3) !== "PNG") return null;
  const view = viewOf(bytes);
  const kept = [bytes.subarray(0, 8)];
  for (let at = 8, end = at; at + 12 <= bytes.length; at = end) {
    end = at + 12 + view.getUint32(at);
    if (!pngText.has(textAt(bytes, at + 4, 4))) kept.push(bytes.subarray(at, end));
  }
  return kept;
}

/** Return the parts of a WebP without its texts; null if it is none. */
export function cleanWebp(bytes: Bytes): Bytes[] | null {
  if (textAt(bytes, 0, 4) !== "RIFF" || textAt(bytes, 8, 4) !== "WEBP") return null;
  const view = viewOf(bytes);
  const head = bytes.slice(0, 12);
  const kept = [head];
  for (let at = 12, end = at; at + 8 <= bytes.length; at = end) {
    const size = view.getUint32(at + 4, true);
    end = at + 8 + size + (size % 2);
    const chunk = bytes.slice(at, end);
    const kind = textAt(chunk, 0, 4);
    if (kind === "VP8X") chunk[8] = (chunk[8] ?? 0) & ~webpFlags;
    if (!webpText.has(kind)) kept.push(chunk);
  }
  const size = kept.reduce((sum, { length }) => sum + length, -8);
  viewOf(head).setUint32(4, size, true);
  return kept;
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

function textAt(bytes: Uint8Array, start: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(start, start + length));
}
