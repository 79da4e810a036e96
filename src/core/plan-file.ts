import { cameOutOfBackup } from './attribution.ts';
import type { FileDecision, FileWriter, Reason } from './decision.ts';
import type { DesiredFile } from './desired.ts';
import type { FileGate } from './gate/file-gate.ts';
import type { Fight, Quarantined } from './ledger.ts';
import { type MarkedFile, readMarked, type SpegelFile, sameBytes } from './marker.ts';
import { composed, fightAgain } from './plan-hosts.ts';
import type { PlanInput } from './plan-input.ts';
import { type Attributes, type FileSeen, type Seen, sameIdentity } from './tree.ts';
import type { Owned } from './writer.ts';

/** One file that shall stand, with what is to be remembered when it has been written. */
export type FilePlan = {
  readonly decision: FileDecision;
  /** Present when something must be written. */
  readonly put?: Attributes & { readonly bytes: Uint8Array };
  readonly fight?: Fight;
  readonly spegel?: SpegelFile;
  /** What the gate remembers of a file that no template points at. */
  readonly gate?: FileGate;
  readonly quarantined?: Quarantined;
};

const sameMarked = (
  a: ReadonlyMap<string, string> | undefined,
  b: ReadonlyMap<string, string> | undefined,
): boolean => {
  const left = a ?? new Map<string, string>();
  const right = b ?? new Map<string, string>();
  return left.size === right.size && [...left].every(([name, sum]) => right.get(name) === sum);
};

/** Equal after the marker line: another version or source in a valid marker is no reason to write. */
const sameOurs = (seen: FileSeen, bytes: Uint8Array, input: PlanInput): boolean => {
  if (sameBytes(seen.bytes, bytes)) return true;
  const old = readMarked(seen.bytes, input.tools.sha256);
  const wanted = readMarked(bytes, input.tools.sha256);
  if (old === undefined || wanted === undefined || !old.intact) return false;
  return (
    sameBytes(old.rest, wanted.rest) &&
    sameMarked(old.companions, wanted.companions) &&
    old.standIn?.reason === wanted.standIn?.reason
  );
};

const writerOf = (seen: Seen | undefined, owned: Owned, same: boolean): FileWriter =>
  owned.writer === 'ours' && seen !== undefined && !same ? 'ours-stale' : owned.writer;

/**
 * Did somebody's quarrel with us put this content here? What we last wrote is not a quarrel, whatever is wanted by now,
 * nor what Spegel's start or hook left, nor what came out of `_backup/`; rights are no content.
 */
const isOverturned = (input: PlanInput, path: string, seen: Seen | undefined, owned: Owned): boolean => {
  const written = input.ledger.written[path];
  if (written === undefined || seen === undefined) return false;
  if (seen.kind === 'file' && input.tools.sha256(seen.bytes) === written.sha256) return false;
  if (input.observation.ended?.how === 'backup-gone' || cameOutOfBackup(path, seen, input.ledger)) return false;
  // At the first look it may be our own, by an agent that was killed before it had remembered it.
  if (owned.writer === 'ours' && input.observation.difference === undefined) return false;
  const left = input.observation.watch.spegelLeft.get(path);
  return owned.writer !== 'spegel' || left === undefined || !sameIdentity(left, seen.id);
};

const untouchable = (path: string, seen: Seen | undefined, owned: Owned): FileDecision | undefined => {
  if (owned.writer === 'tool') {
    const detail = `${path} belongs to ${owned.tool ?? 'another tool'}: not touched; remove the file or our template for it`;
    return { path, action: 'conflict', reason: 'tool-owns-it', writer: 'tool', detail };
  }
  if (seen?.kind === 'unreadable') {
    const detail = `${path} cannot be read (${seen.why}): not touched`;
    return { path, action: 'refuse', reason: 'unreadable', writer: 'unreadable', detail };
  }
  if (seen?.kind === 'directory') {
    return {
      path,
      action: 'refuse',
      reason: 'unreadable',
      writer: 'foreign',
      detail: `${path} is a directory: not touched`,
    };
  }
  return undefined;
};

type Wanted = Pick<FilePlan, 'put' | 'spegel'> & { readonly base: Omit<FileDecision, 'action' | 'reason' | 'detail'> };

/** Somebody changed it: it is put right again, or left alone for a while when that happens again and again. */
const planQuarrel = (input: PlanInput, { base, ...wanted }: Wanted): FilePlan => {
  const { path, writer, standIn } = base;
  const { fight, conflict } = fightAgain(input.ledger.fights[path], writer, input.now);
  if (conflict) {
    const minutes = Math.ceil(((fight.until ?? input.now) - input.now) / 60_000);
    const who = writer === 'kublr' ? "Kublr's agent writes it" : 'somebody changed it';
    const next =
      writer === 'kublr'
        ? "give its template content: '' in the specification of the Kublr cluster"
        : `find who writes ${path}`;
    const detail = `${who} again and again: left alone for ${minutes} min; ${next}`;
    return { decision: { ...base, action: 'conflict', reason: 'overwritten-again', detail }, fight };
  }
  const detail = 'somebody changed it: put right again';
  return { decision: { ...base, action: 'write', reason: standIn ?? 'repair', detail }, fight, ...wanted };
};

/** Plans one file of ours against what stands in its place. */
export const planOurFile = (
  input: PlanInput,
  place: {
    readonly path: string;
    readonly file: DesiredFile;
    readonly marked: MarkedFile | undefined;
    readonly mode: number;
  },
  why: { readonly reason: Reason; readonly detail: string },
): FilePlan => {
  const { path, file, marked, mode } = place;
  const seen = input.tree.entries.get(path);
  const owned: Owned = input.survey.get(path) ?? { writer: 'absent' };
  const no = untouchable(path, seen, owned);
  if (no !== undefined) return { decision: no };
  const bytes = marked === undefined ? file.bytes : composed(marked, input);
  const { uid, gid } = input.owner;
  const sameContent = seen?.kind === 'file' && owned.writer !== 'spegel' && sameOurs(seen, bytes, input);
  const sameRights = seen !== undefined && seen.mode === mode && seen.uid === uid && seen.gid === gid;
  const source = marked?.source ?? file.source;
  const carries = marked?.standIn;
  const base = {
    path,
    writer: writerOf(seen, owned, sameContent),
    source,
    bytes,
    ...(carries === undefined ? {} : { standIn: carries.reason }),
  };
  const remembered = carries === undefined || input.ledger.spegel[path]?.reason === carries.reason;
  if (sameContent && sameRights && (remembered || bytes.length > 0)) {
    return { decision: { ...base, action: 'keep', reason: carries?.reason ?? 'up-to-date', detail: why.detail } };
  }
  const put = { bytes, mode, uid, gid };
  const spegel = carries === undefined ? {} : { spegel: carries.spegel };
  if (!sameContent && isOverturned(input, path, seen, owned)) return planQuarrel(input, { base, put, ...spegel });
  const isRepair = owned.writer === 'absent' && path in input.ledger.written;
  const reason = isRepair ? (carries?.reason ?? (why.reason === 'template' ? 'repair' : why.reason)) : why.reason;
  return { decision: { ...base, action: 'write', reason, detail: why.detail }, put, ...spegel };
};
