import type { Ledger } from '../ledger.ts';

export type FileVersions = { readonly path: string; readonly versions: readonly ShownVersion[] };
export type ShownVersion = {
  /** As `handspegel history` and `restore` count them: 1 is the oldest. */
  readonly version: number;
  readonly at: string;
  readonly writer: string;
  readonly reason: string;
  readonly sha256: string;
};

/** The remembered versions of each file, or of one. */
export const versionsOf = (
  { history }: Pick<Ledger, 'history'>,
  iso: (ms: number) => string,
  wanted?: string,
): readonly FileVersions[] =>
  Object.entries(history)
    .filter(([path]) => wanted === undefined || path === wanted)
    .map(([path, versions]) => ({
      path,
      versions: versions.map(({ at, writer, reason, sha256 }, index) => ({
        version: index + 1,
        at: iso(at),
        writer,
        reason,
        sha256,
      })),
    }));
