import type { FileGate } from './gate/file-gate.ts';
import type { Outs } from './gate/standing.ts';
import type { StandInReason } from './marker.ts';
import type { Attributes } from './tree.ts';

/**
 * What the agent remembers over restarts. Bytes lie beside it by their SHA-256. Losing it loses history and originals,
 * nothing else: markers and stand-ins speak for themselves. Paths are relative to certs.d.
 */
export type Ledger = {
  readonly format: 1;
  /** Files of ours as last written. */
  readonly written: Readonly<Record<string, Written>>;
  /** The last set of files of a registry that rendered and was judged well. */
  readonly lastGood: Readonly<Record<string, GoodUnit>>;
  /** What would stand there without us and Spegel. */
  readonly originals: Readonly<Record<string, Original>>;
  /** Directories of other people: mode and owner, also of empty ones. */
  readonly directories: Readonly<Record<string, KnownDirectory>>;
  /** Spegel's bytes where our stand-in has no room for them (0 bytes). */
  readonly spegel: Readonly<Record<string, SavedSpegel>>;
  /** Directories that we made: they go again when they are empty. `.` is certs.d itself. */
  readonly made: readonly string[];
  /** path -> inode and time of what lies in `_backup/`: what is seen again under that path came out of it. */
  readonly backupInodes: Readonly<Record<string, string>>;
  /** A `_backup/` stood at the last settled look: what is missing at the next start was taken by Spegel's hook. */
  readonly backupStood: boolean;
  readonly fights: Readonly<Record<string, Fight>>;
  /** Mirrors that are out, by key, and what the gate remembers of each file. */
  readonly gate: { readonly outs: Outs; readonly files: Readonly<Record<string, FileGate>> };
  readonly phase: { readonly phase: Phase; readonly since: number; readonly reason: string } | undefined;
  readonly history: Readonly<Record<string, readonly Version[]>>;
  /** path -> a version put back by hand; it holds until what the template asks for changes. */
  readonly pins: Readonly<Record<string, { readonly sha256: string; readonly whileDesired: string }>>;
  /** Files that would kill containerd and were told of: path -> SHA-256 of each content. */
  readonly deadlyTold: Readonly<Record<string, readonly string[]>>;
};

export type Written = {
  readonly sha256: string;
  readonly source: string;
  readonly reason: string;
  readonly at: number;
};

export type GoodUnit = {
  readonly files: readonly {
    readonly name: string;
    readonly sha256: string;
    readonly mode: number;
    readonly source: string;
  }[];
};

export type Original = {
  /**
   * `present`: seen, or to be put back; `removed`: a person removed it; `replaced`: our file stands there now;
   * `quarantined`: it would kill containerd, and is kept here instead of there.
   */
  readonly state: 'present' | 'removed' | 'replaced' | 'quarantined';
  /** `backup`: it was in a `_backup/` older than us, and only `preserve` put it back. */
  readonly from: 'seen' | 'backup';
  /** Spegel's hook restored an older copy over it: these bytes are to be put back. */
  readonly overdue?: true;
  /** Removed, perhaps by a clear of Spegel's that failed: since when that is in doubt. */
  readonly doubtSince?: number;
  readonly content:
    | ({ readonly kind: 'file'; readonly sha256: string } & Attributes)
    | { readonly kind: 'symlink'; readonly target: string };
};

/** What goes into quarantine: it is in the ledger, with its bytes, before it goes. */
export type Quarantined = { readonly content: Original['content']; readonly bytes: Uint8Array | undefined };

export type KnownDirectory = Attributes & {
  readonly state: 'present' | 'removed';
  /** It was in a `_backup/` older than us, and only `preserve` put it back. */
  readonly from?: 'backup';
  readonly doubtSince?: number;
};

export type SavedSpegel = Attributes & { readonly sha256: string; readonly reason: StandInReason };

/** Overturned writes of ours: when, by whom; and until when we hold back. Steady milliseconds. */
export type Fight = {
  readonly overturned: readonly { readonly at: number; readonly writer: string }[];
  readonly until?: number;
  readonly level: number;
};

export const phases = [
  'disabled',
  'bootstrap',
  'spegel',
  'withdrawn',
  'orphaned',
  'held',
  'conflict',
  'released',
] as const;
export type Phase = (typeof phases)[number];

export type Version = {
  readonly at: number;
  readonly sha256: string;
  readonly writer: string;
  readonly reason: string;
  readonly mode: number;
};

export const emptyLedger: Ledger = {
  format: 1,
  written: {},
  lastGood: {},
  originals: {},
  directories: {},
  spegel: {},
  made: [],
  backupInodes: {},
  backupStood: false,
  fights: {},
  gate: { outs: {}, files: {} },
  phase: undefined,
  history: {},
  pins: {},
  deadlyTold: {},
};

/** A copy of the record without these keys. */
export const without = <T>(
  record: Readonly<Record<string, T>>,
  ...keys: readonly string[]
): Readonly<Record<string, T>> =>
  keys.some((key) => key in record)
    ? Object.fromEntries(Object.entries(record).filter(([key]) => !keys.includes(key)))
    : record;

/** Somebody's file that stands as it was last seen. */
export const notOverdue = (original: Original): Original => {
  const { state, from, content, doubtSince } = original;
  return { state, from, content, ...(doubtSince === undefined ? {} : { doubtSince }) };
};
