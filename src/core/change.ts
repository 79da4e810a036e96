import type { Attributes, Identity } from './tree.ts';

/** What must still stand at a path just before it is changed; `absent` means nothing may stand there. */
export type Expected = Identity | 'absent';

/**
 * One step on disk. Steps of a list are done in order; the first that does not find what it expects stops the rest of
 * its list, and the next pass plans anew.
 */
export type Change =
  /** Replace or create one file in a directory that stands. */
  | ({
      readonly kind: 'write-file';
      readonly path: string;
      readonly bytes: Uint8Array;
      readonly expected: Expected;
    } & Attributes)
  /** A new directory, renamed into place with everything inside: an empty one would hide `_default`. */
  | ({ readonly kind: 'put-directory'; readonly path: string; readonly content: readonly NewEntry[] } & Attributes)
  | { readonly kind: 'make-link'; readonly path: string; readonly target: string; readonly expected: Expected }
  | { readonly kind: 'remove-file'; readonly path: string; readonly expected: Identity }
  /** Only ever succeeds on an empty directory. */
  | { readonly kind: 'remove-empty-directory'; readonly path: string }
  | ({ readonly kind: 'set-attributes'; readonly path: string } & Attributes);

/** Something inside a new directory; paths relative to it, parents first. */
export type NewEntry =
  | ({ readonly kind: 'file'; readonly path: string; readonly bytes: Uint8Array } & Attributes)
  | ({ readonly kind: 'directory'; readonly path: string } & Attributes)
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string };

/** What became of one list of changes. `moved`: something else changed it meanwhile, look again; `clearing`: before anything else is changed. */
export type Outcome =
  | { readonly result: 'done'; readonly changed: readonly string[] }
  | {
      readonly result: 'moved';
      readonly path: string;
      readonly changed: readonly string[];
      readonly clearing?: true;
    }
  | { readonly result: 'failed'; readonly path: string; readonly error: string; readonly changed: readonly string[] };

/** What a change that was made leaves behind, so that the next look does not take it for somebody else's. */
export const traces = (change: Change): readonly (readonly [string, 'gone' | 'there' | Uint8Array])[] => {
  if (change.path.startsWith('_backup/')) return [['_backup', 'there']];
  switch (change.kind) {
    case 'write-file':
      return [[change.path, change.bytes]];
    case 'put-directory':
      return [
        [change.path, 'there'],
        ...change.content.map(
          (entry) => [`${change.path}/${entry.path}`, entry.kind === 'file' ? entry.bytes : 'there'] as const,
        ),
      ];
    case 'make-link':
    case 'set-attributes':
      return [[change.path, 'there']];
    case 'remove-file':
    case 'remove-empty-directory':
      return [[change.path, 'gone']];
  }
};
