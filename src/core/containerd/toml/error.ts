/** Why a TOML library stops reading; `at` is the offset of the byte where it does. */
export class TomlError extends Error {
  override name = 'TomlError';
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/** What would end containerd: a Go panic that nothing recovers from (containerd-hosts.md 2.2). */
export class GoPanic extends Error {
  override name = 'GoPanic';
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/** Line and column of a byte offset, both from 1; columns count characters. */
export const positionOf = (bytes: string, at: number): { readonly line: number; readonly column: number } => {
  const before = bytes.slice(0, at);
  const lineStart = before.lastIndexOf('\n') + 1;
  const column = before.slice(lineStart).replaceAll(/[\u0080-\u00bf]/g, '').length + 1;
  return { line: before.split('\n').length, column };
};

/** A kind of value in a sentence: `a map`, `an integer`. */
export const withArticle = (kind: string): string => `${/^[aeiou]/.test(kind) ? 'an' : 'a'} ${kind}`;
