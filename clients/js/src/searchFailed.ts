/** A search has no result. */
export class SearchFailed extends Error {
  override readonly name = "SearchFailed";
  /** The error code: of the server (§7), or `not_joined`, `busy` or `lost` (SR4). */
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}
