/** Upload a file with a ticket. `fetch` reports no progress, so this is an `XMLHttpRequest`. */
import { type File as MessageFile, type Room, SearchFailed } from "@hubbub/client";

/** The server took no file; `code` is its reason, or `lost`. */
export class UploadFailed extends Error {
  readonly code: string;

  constructor(code: string) {
    super(`The file was not uploaded: ${code}.`);
    this.code = code;
  }
}

/** Upload a file to a room. Rejects with `UploadFailed`; an abort of the signal ends it. */
export async function upload(
  room: Room,
  file: File,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<MessageFile> {
  if (signal.aborted) throw new UploadFailed("lost");
  const { file: id } = await room.ticket(file.name, file.size, file.type).catch((error) => {
    throw new UploadFailed(error instanceof SearchFailed ? error.code : "lost");
  });
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const fail = () => reject(new UploadFailed(codeOf(request.responseText)));
    request.open("PUT", globalThis.hubbub.at(`api/files/${id}`));
    request.upload.onprogress = ({ loaded, total }) => onProgress(loaded / total);
    request.onerror = fail;
    request.onabort = fail;
    request.onload = () => {
      if (request.status === 201) resolve(JSON.parse(request.responseText));
      else fail();
    };
    if (signal.aborted) return fail();
    signal.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}

function codeOf(body: string): string {
  try {
    return String(JSON.parse(body).code);
  } catch {
    return "lost"; // no response, or that of a proxy
  }
}
