/** Add files to a message: by a button, by pasting, or by dropping them on the room. A part. */
import type { Client, File as MessageFile, Room } from "@hubbub/client";
import { type RefObject, useEffect, useRef, useState } from "react";
import { useAllTexts } from "../../i18n/useAllTexts.ts";
import buttons from "../../ui/buttons.module.css";
import { Icon } from "../../ui/Icon.tsx";
import { useToast } from "../../ui/Toasts.tsx";
import { FileIcon } from "./FileIcon.tsx";
import styles from "./files.module.css";
import { sizeOf } from "./sizes.ts";
import { mostFiles, type Picked, useUploads } from "./useUploads.ts";

interface Props {
  readonly client: Client;
  readonly room: Room;
  readonly field: RefObject<HTMLTextAreaElement | null>;
  /** What `onReady` received, or other files: none after a message, or those of one that can't be sent. */
  readonly files: readonly MessageFile[] | null;
  /** Whether another message is edited: its files stay. */
  readonly hidden: boolean;
  /** The uploaded files; null while one is on its way. */
  onReady(files: readonly MessageFile[] | null): void;
}

export default function Attachments({ client, room, field, files, hidden, onReady }: Props) {
  const { files: texts } = useAllTexts();
  const toast = useToast();
  const input = useRef<HTMLInputElement>(null);
  const { picked, add, remove } = useUploads(client, room, files, onReady);
  const take = (more: readonly File[]) => {
    if (!add(more)) toast({ text: texts.tooMany(String(mostFiles)) });
    field.current?.focus();
  };
  const over = useDropped(field, take);
  if (hidden) return null;
  return (
    <>
      {over && <p className={styles.over}>{texts.drop}</p>}
      {picked.length > 0 && (
        <ul className={styles.picked} aria-label={texts.title}>
          {picked.map((one) => (
            <Chip key={one.id} file={one} onRemove={() => remove(one)} />
          ))}
        </ul>
      )}
      <input
        ref={input}
        type="file"
        multiple
        hidden
        onChange={({ target }) => {
          take([...(target.files ?? [])]);
          target.value = "";
        }}
      />
      <button
        className={buttons.icon}
        type="button"
        aria-label={texts.attach}
        title={texts.attach}
        onClick={() => input.current?.click()}
      >
        <FileIcon />
      </button>
    </>
  );
}

function Chip({ file, onRemove }: { readonly file: Picked; onRemove(): void }) {
  const { files: texts, locale = "en" } = useAllTexts();
  const { name, size, share, done, code } = file;
  const reasons: Readonly<Record<string, string>> = texts.errors;
  return (
    <li className={styles.chip} data-failed={code !== undefined}>
      <bdi>{name}</bdi>
      {code === undefined ? (
        <span>{sizeOf(size, locale)}</span>
      ) : (
        <span role="alert">{reasons[code] ?? texts.errors.lost}</span>
      )}
      {done === undefined && code === undefined && (
        <progress value={share} aria-label={texts.uploading(name)} />
      )}
      <button
        className={buttons.icon}
        type="button"
        aria-label={texts.remove(name)}
        title={texts.remove(name)}
        onClick={onRemove}
      >
        <Icon name="close" />
      </button>
    </li>
  );
}

/** Receive what is pasted into the field or dropped on the room; return whether files are above it. */
function useDropped(
  field: RefObject<HTMLTextAreaElement | null>,
  take: (files: readonly File[]) => void,
): boolean {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const stop = new AbortController();
    const { signal } = stop;
    const place = field.current?.closest("main");
    const show = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      setOver(true);
    };
    const drop = (event: DragEvent) => {
      setOver(false);
      const files = [...(event.dataTransfer?.files ?? [])];
      if (files.length === 0) return;
      event.preventDefault();
      take(files);
    };
    const paste = (event: ClipboardEvent) => {
      const data = event.clipboardData;
      // Office programs add a picture of the text that is copied.
      if (data === null || data.files.length === 0 || data.types.includes("text/plain")) return;
      event.preventDefault();
      take([...data.files]);
    };
    place?.addEventListener("dragover", show, { signal });
    place?.addEventListener("dragleave", () => setOver(false), { signal });
    place?.addEventListener("drop", drop, { signal });
    field.current?.addEventListener("paste", paste, { signal });
    return () => stop.abort();
  });
  return over;
}
