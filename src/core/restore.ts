import type { Desired } from './desired.ts';
import type { Ledger, Version } from './ledger.ts';
import type { Sha256 } from './marker.ts';
import { readMarked } from './marker.ts';
import { registryOf } from './tree.ts';

export type Restored = { readonly ledger: Ledger; readonly how: string } | { readonly error: string };

/** The version that a person means: its number as `history` shows it, or the beginning of its hash; none: the last but one. */
export const findVersion = (versions: readonly Version[], word: string | undefined): Version | undefined => {
  if (word === undefined) return versions.at(-2);
  const byHash = word.length >= 6 ? versions.find((version) => version.sha256.startsWith(word)) : undefined;
  return byHash ?? (/^\d+$/.test(word) ? versions[Number(word) - 1] : undefined);
};

/**
 * Puts an earlier version of a file back. Where a template points, it holds until what the template asks for changes;
 * elsewhere it is put back once, as somebody's file.
 */
export const restoreVersion = (
  ledger: Ledger,
  wish: { readonly path: string; readonly version: Version; readonly bytes: Uint8Array; readonly desired: Desired },
  hash: { readonly sha256: Sha256; readonly store: (bytes: Uint8Array) => string },
): Restored => {
  const { path, version, bytes, desired } = wish;
  const file = desired.units.get(registryOf(path))?.files.find((one) => `${registryOf(path)}/${one.name}` === path);
  if (file !== undefined) {
    const body = readMarked(bytes, hash.sha256)?.body ?? bytes;
    const pin = { sha256: hash.store(body), whileDesired: hash.sha256(file.bytes) };
    return {
      ledger: { ...ledger, pins: { ...ledger.pins, [path]: pin } },
      how: 'it holds until its template asks for something else',
    };
  }
  if (readMarked(bytes, hash.sha256) !== undefined)
    return { error: 'that version is ours, and no template points there any more' };
  const old = ledger.originals[path];
  const rights = old?.content.kind === 'file' ? old.content : { uid: 0, gid: 0 };
  const content = {
    kind: 'file',
    sha256: hash.store(bytes),
    mode: version.mode,
    uid: rights.uid,
    gid: rights.gid,
  } as const;
  const original = { state: 'present', from: 'seen', overdue: true, content } as const;
  return {
    ledger: { ...ledger, originals: { ...ledger.originals, [path]: original } },
    how: 'it is put back as it was',
  };
};
