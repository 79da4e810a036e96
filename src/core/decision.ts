import type { Change } from './change.ts';
import type { StandInReason } from './marker.ts';
import type { Problem } from './problem.ts';
import type { Writer } from './writer.ts';

/** What is done about one file, and why. */
export const actions = ['keep', 'write', 'put-back', 'remove', 'leave', 'refuse', 'conflict', 'wait'] as const;
export type Action = (typeof actions)[number];

/** Why, in one word for metrics and programs. */
export const reasons = [
  'up-to-date',
  'bootstrap',
  'template',
  'repair',
  'spegel-owns-it',
  'spegel-back',
  'waiting-for-probe',
  'held',
  'merged',
  'mended',
  'orphaned',
  'emptied',
  'withdrawn',
  'last-good',
  'pinned',
  'preserved',
  'not-ours',
  'not-generated',
  'no-template',
  'broken-template',
  'breaks-policy',
  'behind-symlink',
  'tool-owns-it',
  'overwritten-again',
  'unreadable',
  'would-kill-containerd',
  'spegel-at-work',
  'released',
] as const;
export type Reason = (typeof reasons)[number];

/** `ours-stale`: the marker fits, the content is not today's. */
export type FileWriter = Writer | 'ours-stale';

export type FileDecision = {
  readonly path: string;
  readonly action: Action;
  readonly reason: Reason;
  /** For people: one sentence. */
  readonly detail: string;
  /** Whose file stands there now. */
  readonly writer: FileWriter;
  /** Where our content comes from. */
  readonly source?: string;
  readonly standIn?: StandInReason;
  /** URLs of mirrors that the gate took out of it. */
  readonly withdrawn?: readonly string[];
  /** The same with `gate: observe`: nothing is done. */
  readonly wouldWithdraw?: readonly string[];
  /** Somebody's file that kills this node's containerd: how. */
  readonly deadly?: string;
  /** What shall stand there; absent for `remove` and where nothing is done. */
  readonly bytes?: Uint8Array;
};

/** One registry directory: its files are applied in this order, together. */
export type Decision = {
  readonly registry: string;
  readonly files: readonly FileDecision[];
  readonly changes: readonly Change[];
  readonly problems: readonly Problem[];
};

/** Would it leave somebody's or Spegel's bytes only in the state directory? */
export const destroys = (decision: Decision): boolean =>
  decision.files.some(
    ({ action, writer, standIn, deadly }) =>
      (action === 'write' &&
        (writer === 'foreign' || writer === 'kublr' || (writer === 'spegel' && standIn === 'emptied'))) ||
      (action === 'remove' && deadly !== undefined),
  );
