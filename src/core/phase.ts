import type { Decision } from './decision.ts';
import type { Desired } from './desired.ts';
import type { Phase } from './ledger.ts';

/** `cause`: the reason in one word, for metrics. */
export type PhaseNow = { readonly phase: Phase; readonly reason: string; readonly cause: string };

/** The phase of the node; reasons are listed in order and the first that holds wins (design.md, Phases). */
export const phaseOf = (desired: Desired, decisions: readonly Decision[]): PhaseNow => {
  const files = decisions.flatMap((decision) => decision.files);
  const conflict = files.find((file) => file.action === 'conflict');
  if (conflict !== undefined) {
    return { phase: 'conflict', reason: `${conflict.path}: ${conflict.detail}`, cause: conflict.reason };
  }
  if (desired.spegel === 'disabled') {
    const still = files.find((file) => file.standIn === 'emptied' || file.standIn === 'held');
    const spegelRuns = still === undefined ? '' : '; Spegel still runs here: it wrote its file, which is held back';
    return { phase: 'disabled', reason: `${desired.spegelReason}${spegelRuns}`, cause: 'spegel-disabled' };
  }
  const standing = files.filter((file) => file.action === 'keep' || file.action === 'write');
  const orphan = standing.find((file) => file.standIn === 'orphaned');
  if (orphan !== undefined) {
    return { phase: 'orphaned', reason: `${orphan.path}: ${orphan.detail}`, cause: 'mirrors-refuse' };
  }
  const withdrawn = standing.find((file) => file.standIn === 'withdrawn');
  if (withdrawn !== undefined) {
    return { phase: 'withdrawn', reason: `${withdrawn.path}: ${withdrawn.detail}`, cause: 'mirrors-cost-pulls' };
  }
  if (desired.spegel === 'no-mirrors') {
    return { phase: 'held', reason: desired.spegelReason, cause: 'adds-no-mirrors' };
  }
  const spegel = files.find(
    (file) =>
      (file.writer === 'spegel' && file.reason === 'spegel-owns-it') ||
      file.reason === 'spegel-back' ||
      file.standIn === 'merged' ||
      file.standIn === 'mended' ||
      file.standIn === 'held',
  );
  if (spegel !== undefined) {
    const kept = `${spegel.path}: ${spegel.detail}; Spegel's own bytes are kept and come back`;
    const reason = spegel.standIn === undefined ? `${spegel.path} is Spegel's` : kept;
    return { phase: 'spegel', reason, cause: spegel.reason };
  }
  return { phase: 'bootstrap', reason: 'Spegel has written no file on this node', cause: 'no-spegel-file' };
};
