/** The frames of files. */

/** Ask for a ticket to upload a file (FL1). */
export interface Upload {
  readonly type: "upload";
  readonly id: number;
  readonly room: string;
  readonly name: string;
  readonly size: number;
  readonly media?: string;
}

/** The id of a file, whose upload must begin within `expires` ms. */
export interface Ticket {
  readonly type: "ticket";
  readonly id: number;
  readonly file: string;
  readonly expires: number;
}

/** A file of a message: bytes, media type, and pixels if it is an image (FL3). */
export interface File {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly type: string;
  readonly width?: number;
  readonly height?: number;
}
