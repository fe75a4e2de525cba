/**
 * Prepare pictures for an upload. A photo is drawn anew, so it says no longer where it was taken, stands upright, and
 * is as large as a screen needs. What has to stay exact (PNG, WebP) keeps its pixels.
 */
import { cleanPng, cleanWebp } from "./metadata.ts";

/** The longest side of a photo, in pixels. */
const longest = 2048;
const quality = 0.85;
const cleanOf: Readonly<Record<string, typeof cleanPng>> = {
  "image/png": cleanPng,
  "image/webp": cleanWebp,
};
/** The end of the name of a photo that becomes a JPEG. */
const notJpeg = /\.(?!jpe?g$)\w+$/i;

/** Return the file to upload; a picture that this browser can't read stays as it is. */
export async function prepared(file: File): Promise<File> {
  return (await changed(file).catch(() => null)) ?? file;
}

async function changed(file: File): Promise<File | null> {
  const { name, type } = file;
  if (!type.startsWith("image/")) return null;
  // An animation has more than one picture, and a drawing has no pixels.
  if (type === "image/gif" || type === "image/svg+xml") return null;
  const clean = cleanOf[type];
  if (clean !== undefined) {
    const parts = clean(new Uint8Array(await file.arrayBuffer()));
    return parts && new File(parts, name, { type });
  }
  const photo = await drawn(await createImageBitmap(file));
  return photo && new File([photo], name.replace(notJpeg, ".jpg"), { type: photo.type });
}

async function drawn(picture: ImageBitmap): Promise<Blob | null> {
  const scale = Math.min(1, longest / Math.max(picture.width, picture.height));
  const [width, height] = [picture.width, picture.height].map((side) => Math.ceil(side * scale));
  const canvas = new OffscreenCanvas(width ?? 1, height ?? 1);
  const context = canvas.getContext("2d");
  if (context === null) return null;
  context.imageSmoothingQuality = "high";
  // A JPEG has no transparency.
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return canvas.convertToBlob({ type: "image/jpeg", quality });
}
