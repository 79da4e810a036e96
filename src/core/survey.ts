import type { Desired } from './desired.ts';
import type { Ledger } from './ledger.ts';

import type { Tools } from './tools.ts';
import { registryOf, type Seen, type Tree } from './tree.ts';
import { type Owned, ownerOf } from './writer.ts';

/** Whose is each file that stands below certs.d, by path. */
export type Survey = ReadonlyMap<string, Owned>;

export const isHostsFile = (path: string): boolean => path.endsWith('/hosts.toml') && path.split('/').length === 2;

/** Does a template of today point at this path? */
export const isTargeted = (desired: Desired, path: string): boolean => {
  const unit = desired.units.get(registryOf(path));
  return unit?.files.some((file) => `${unit.registry}/${file.name}` === path) ?? false;
};

const companionSums = (
  entries: Tree['entries'],
  path: string,
  tools: Tools,
): ReadonlyMap<string, string> | undefined => {
  const hosts = entries.get(`${registryOf(path)}/hosts.toml`);
  if (hosts?.kind !== 'file') return undefined;
  const { marked } = ownerOf(hosts, {
    besideBackup: false,
    expected: false,
    registry: undefined,
    sha256: tools.sha256,
  });
  return marked?.companions;
};

/**
 * A certificate has no marker: the ledger, or the marker of the hosts.toml beside it, knows its hash. The set that was
 * stored just before it was written counts too: the agent may have been killed between the two.
 */
const isOurCompanion = (
  path: string,
  seen: Seen,
  facts: { entries: Tree['entries']; ledger: Ledger; tools: Tools },
): boolean => {
  if (seen.kind !== 'file') return false;
  const { entries, ledger, tools } = facts;
  const registry = registryOf(path);
  const name = path.slice(registry.length + 1);
  const wrote = ledger.written[path]?.sha256;
  const good = ledger.lastGood[registry]?.files.find((file) => file.name === name)?.sha256;
  const beside = companionSums(entries, path, tools)?.get(name);
  if (wrote === undefined && good === undefined && beside === undefined) return false;
  return [wrote, good, beside].includes(tools.sha256(seen.bytes));
};

/** Whose is the file at this path. A file whose bytes are those of somebody's original is never taken for Spegel's. */
export const ownerAt = (
  path: string,
  facts: { tree: Tree; ledger: Ledger; tools: Tools; desired: Desired; backup?: boolean },
): Owned => {
  const { tree, ledger, tools, desired } = facts;
  const entries = facts.backup === true ? (tree.backup ?? new Map<string, Seen>()) : tree.entries;
  const seen = entries.get(path);
  const owned = ownerOf(seen, {
    besideBackup: tree.backup !== undefined && facts.backup !== true,
    expected: isTargeted(desired, path) || path in ledger.written,
    registry: isHostsFile(path) ? registryOf(path) : undefined,
    own: desired.ownHosts,
    sha256: tools.sha256,
  });
  if (owned.writer === 'spegel' && seen?.kind === 'file') {
    const original = ledger.originals[path];
    const same = original?.content.kind === 'file' && original.content.sha256 === tools.sha256(seen.bytes);
    return same && original.from === 'seen' && original.state !== 'quarantined' ? { writer: 'foreign' } : owned;
  }
  if (owned.writer === 'foreign' && seen !== undefined && isOurCompanion(path, seen, { entries, ledger, tools })) {
    return { writer: 'ours' };
  }
  return owned;
};

export const surveyOf = (facts: { tree: Tree; ledger: Ledger; tools: Tools; desired: Desired }): Survey => {
  const found = new Map<string, Owned>();
  for (const [path, seen] of facts.tree.entries) {
    if (seen.kind !== 'directory') found.set(path, ownerAt(path, facts));
  }
  return found;
};
