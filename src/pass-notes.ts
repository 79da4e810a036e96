import type { Outcome } from './core/change.ts';
import type { Decision } from './core/decision.ts';
import type { Ledger } from './core/ledger.ts';
import type { Pass } from './core/pass.ts';
import type { JournalRecord } from './core/status.ts';
import { isHostsFile } from './core/survey.ts';
import type { Tell } from './core/telemetry.ts';
import { registryOf } from './core/tree.ts';

/** What a pass tells people: lines of the journal, and counts of what others write. */
export type PassNotes = {
  readonly add: (event: string, detail: string, path?: string) => void;
  readonly writes: (decision: Decision, outcome: Outcome) => void;
  readonly gate: (before: Ledger, pass: Pass) => void;
  readonly foreign: (pass: Pass) => void;
  readonly episode: (pass: Pass) => void;
  /** All lines together, once the files stand: each time costs a write to disk. */
  readonly tell: () => void;
};

export type PassNotesPorts = {
  readonly now: () => number;
  readonly iso: (steady: number) => string;
  readonly journal: (records: readonly JournalRecord[]) => void;
  readonly tell?: Tell;
};

export const createPassNotes = (ports: PassNotesPorts): PassNotes => {
  let notes: JournalRecord[] = [];

  const add = (event: string, detail: string, path?: string): void => {
    notes.push({ at: ports.iso(ports.now()), event, detail, ...(path === undefined ? {} : { path }) });
  };

  const writes = (decision: Decision, outcome: Outcome): void => {
    if (outcome.result !== 'done') return;
    for (const file of decision.files) {
      if (['write', 'put-back', 'remove'].includes(file.action))
        add(`${file.action}:${file.reason}`, file.detail, file.path);
    }
  };

  /** A file that has flapped stays as it is for an hour. */
  const gate = (before: Ledger, pass: Pass): void => {
    for (const { files, gates } of pass.plan.registries) {
      for (const { path, detail } of files) {
        const closed = gates[path]?.closedUntil;
        if (closed !== undefined && closed !== before.gate.files[path]?.closedUntil) add('flapping', detail, path);
      }
    }
  };

  const foreign = ({ observation, survey }: Pass): void => {
    const { difference } = observation;
    if (difference === undefined) return;
    for (const path of [...difference.appeared, ...difference.changed, ...difference.vanished]) {
      if (!isHostsFile(path)) continue;
      const writer = survey.get(path)?.writer ?? 'absent';
      ports.tell?.({ kind: 'foreign-write', registry: registryOf(path), writer });
    }
  };

  const episode = ({ observation }: Pass): void => {
    const { began, ended, watch } = observation;
    if (began && watch.episode !== undefined) add('spegel-at-work', watch.episode.cause);
    if (ended?.how === 'gave-up') {
      add('alarm', 'Spegel began to change certs.d and never came to an end: files are written again after 30 s');
    } else if (ended !== undefined) add('spegel-done', ended.how);
  };

  const tell = (): void => {
    const told = notes;
    notes = [];
    if (told.length > 0) ports.journal(told);
  };

  return { add, writes, gate, foreign, episode, tell };
};
