import { deadlyHow, isDeadly } from './deadly.ts';
import type { FileDecision } from './decision.ts';
import type { DesiredUnit } from './desired.ts';
import type { Original } from './ledger.ts';
import type { PlanInput } from './plan-input.ts';
import { isHostsFile, isTargeted } from './survey.ts';
import { registryOf } from './tree.ts';
import { isSomebodys } from './writer.ts';

/** Somebody's file that is to be put back, with its bytes. */
export type Due = { readonly path: string; readonly original: Original; readonly bytes: Uint8Array | undefined };

const bytesOf = (input: PlanInput, original: Original): Uint8Array | undefined =>
  original.content.kind === 'file' ? input.tools.object(original.content.sha256) : undefined;

const isMissing = (input: PlanInput, path: string, original: Original): boolean => {
  const seen = input.tree.entries.get(path);
  if (seen === undefined) return true;
  const writer = input.survey.get(path)?.writer;
  // Our own file stands where no template points any more: theirs comes back.
  if (original.state === 'replaced') return writer === 'ours' || writer === 'ours-edited';
  return original.overdue === true && writer !== 'spegel';
};

/** Does Spegel write this registry itself? Then its file stands there, not somebody's of before. */
const isSpegels = (input: PlanInput, registry: string): boolean =>
  input.survey.get(`${registry}/hosts.toml`)?.writer === 'spegel' || `${registry}/hosts.toml` in input.ledger.spegel;

/** What is missing of somebody's in one registry, whether it can come back or not. */
const missingPaths = (input: PlanInput, registry: string): readonly Due[] => {
  const missing: Due[] = [];
  for (const path of input.index.originals.get(registry) ?? []) {
    const original = input.ledger.originals[path];
    if (original === undefined || original.state === 'removed' || isTargeted(input.desired, path)) continue;
    if (!isMissing(input, path, original)) continue;
    const spegels = isHostsFile(path) && isSpegels(input, registry);
    if (original.state === 'present' && (!input.settings.preserve || spegels)) continue;
    missing.push({ path, original, bytes: bytesOf(input, original) });
  }
  return missing.sort((a, b) => (a.path < b.path ? -1 : 1));
};

const isLost = ({ original, bytes }: Due): boolean => original.content.kind === 'file' && bytes === undefined;

/** What a quarantined link led to is not known any more. */
const isKiller = (input: PlanInput, { path, bytes, original }: Due): boolean =>
  bytes === undefined ? original.state === 'quarantined' : isDeadly(input, path, bytes);

/**
 * Other people's files of one registry that Spegel moved away or cleared, or that ours had replaced (design.md, "Other
 * people's files"). Without `preserve` only what we ourselves replaced comes back.
 */
export const duePaths = (input: PlanInput, registry: string): readonly Due[] =>
  missingPaths(input, registry).filter((one) => !isLost(one) && !isKiller(input, one));

/** What does not come back is named. */
export const withheld = (input: PlanInput, registry: string): readonly FileDecision[] =>
  missingPaths(input, registry).flatMap((one): FileDecision[] => {
    const { path } = one;
    const writer = input.survey.get(path)?.writer ?? 'absent';
    if (isLost(one)) {
      const detail = `somebody's ${path} is missing, and its bytes were lost with the state directory`;
      return [{ path, action: 'refuse', reason: 'unreadable', writer, detail }];
    }
    if (!isKiller(input, one)) return [];
    const how = (one.bytes === undefined ? undefined : deadlyHow(input, one.bytes)) ?? 'what it led to';
    const detail = `somebody's ${path} would kill this node's containerd (${how}): a copy is kept, it is not put back`;
    return [{ path, action: 'refuse', reason: 'would-kill-containerd', writer, detail, deadly: how }];
  });

/** The other files in the directory of a hosts.toml as they will be when this plan is done, by name. */
export const filesBeside = (input: PlanInput, path: string, unit: DesiredUnit): ReadonlyMap<string, Uint8Array> => {
  const registry = registryOf(path);
  const nameOf = (other: string): string => other.slice(registry.length + 1);
  const found = new Map<string, Uint8Array>();
  for (const other of input.index.files.get(registry) ?? []) {
    const seen = input.tree.entries.get(other);
    if (seen?.kind === 'file' && other !== path) found.set(nameOf(other), seen.bytes);
  }
  for (const due of duePaths(input, registry)) if (due.bytes !== undefined) found.set(nameOf(due.path), due.bytes);
  for (const file of unit.files) found.set(file.name, file.bytes);
  found.delete(nameOf(path));
  return found;
};

/** Somebody's files in the directory of a unit, as they stand or come back with this plan, and the unit's own, by name. */
export const theirsBeside = (input: PlanInput, unit: DesiredUnit): ReadonlyMap<string, Uint8Array> => {
  const { registry } = unit;
  const nameOf = (path: string): string => path.slice(registry.length + 1);
  const found = new Map<string, Uint8Array>();
  for (const path of input.index.files.get(registry) ?? []) {
    const seen = input.tree.entries.get(path);
    const writer = input.survey.get(path)?.writer;
    if (writer === undefined || !isSomebodys(writer)) continue;
    const bytes = seen?.kind === 'file' ? seen.bytes : seen?.kind === 'symlink' ? seen.behind : undefined;
    if (bytes !== undefined) found.set(nameOf(path), bytes);
  }
  for (const due of duePaths(input, registry)) if (due.bytes !== undefined) found.set(nameOf(due.path), due.bytes);
  for (const file of unit.files) found.set(file.name, file.bytes);
  found.delete('hosts.toml');
  return found;
};
