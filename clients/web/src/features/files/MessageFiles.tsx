/** The files of a message: images in their reserved place, and links to all others. A part. */
import type { File } from "@hubbub/client";
import { useTexts } from "../../i18n/language.tsx";
import { FileIcon } from "./FileIcon.tsx";
import styles from "./files.module.css";
import { placeOf, sizeOf } from "./sizes.ts";

export default function MessageFiles({ files }: { readonly files: readonly File[] }) {
  return (
    <ul className={styles.files}>
      {files.map((file) => (
        <li key={file.id}>
          <Shown file={file} />
        </li>
      ))}
    </ul>
  );
}

function Shown({ file }: { readonly file: File }) {
  const { locale = "en" } = useTexts();
  const place = placeOf(file);
  const address = globalThis.hubbub.at(`files/${file.id}/${encodeURIComponent(file.name)}`);
  if (place !== null)
    return (
      <a className={styles.image} href={address} target="_blank" rel="noopener noreferrer">
        <img src={address} alt={file.name} loading="lazy" decoding="async" {...place} />
      </a>
    );
  return (
    <a className={styles.file} href={address} target="_blank" rel="noopener noreferrer">
      <FileIcon />
      <bdi>{file.name}</bdi>
      <span>{sizeOf(file.size, locale)}</span>
    </a>
  );
}
