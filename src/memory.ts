import { readStored, type StoredConfig } from './core/config/config-choice.ts';
import { textOf } from './core/error-text.ts';
import { referencedObjects } from './core/history.ts';
import { emptyLedger, type Ledger } from './core/ledger.ts';
import type { Kept } from './core/originals.ts';
import type { Problem } from './core/problem.ts';
import type { JournalRecord } from './core/status.ts';
import type { RememberedFacts } from './inputs.ts';
import type { Store } from './io/store.ts';

/** What a node remembers over restarts, and what it says when that does not work. */
export type Memory = {
  /** Changes something in the state directory; false when it cannot, which is a problem then. */
  readonly tryState: (what: string, act: () => void) => boolean;
  /** What of the state directory is damaged, or may not be read. */
  readonly damage: () => readonly Problem[];
  /** Removes what a process that was killed left unfinished. */
  readonly sweep: () => void;
  readonly configuration: () => StoredConfig | undefined;
  readonly ledger: () => Ledger | undefined;
  /** Throws when the state directory cannot be written; so does `prepareLedger`. */
  readonly saveLedger: (kept: Kept) => void;
  /** Brings to disk what `saveLedger` of this very ledger will only have to rename. */
  readonly prepareLedger: (kept: Kept) => void;
  readonly facts: () => RememberedFacts | undefined;
  /** The configuration in force. Kept by a pass only: whoever just looks, waits for another agent or is released writes nothing. */
  readonly setConfiguration: (stored: StoredConfig) => void;
  readonly keepConfiguration: () => void;
  readonly keepFacts: (facts: RememberedFacts) => void;
  readonly journal: (records: readonly JournalRecord[]) => void;
  /** The last lines of the journal. */
  readonly recent: () => readonly JournalRecord[];
  /** Once: the state directory was removed or replaced since the last look, and is to be filled anew. */
  readonly isLost: () => boolean;
  /** The directory as it is now is the one that was written to. */
  readonly noteFilled: () => void;
  /** What the last writing, apart from the ledger's, could not keep; damaged files. */
  readonly problems: () => readonly Problem[];
  readonly isKept: () => boolean;
  /** Reads again what lies on disk. */
  readonly reopen: () => void;
  readonly forget: () => void;
};

const ledgerName = 'ledger.json';
const journalShown = 50;

const asLedger = (value: unknown): Ledger | undefined => {
  if (typeof value !== 'object' || value === null || !('format' in value) || value.format !== 1) return undefined;
  return { ...emptyLedger, ...(value as Partial<Ledger>) };
};

const asFacts = (value: unknown): RememberedFacts | undefined =>
  typeof value === 'object' && value !== null && 'nodeAddresses' in value ? (value as RememberedFacts) : undefined;

/** `event` is called with each line of the journal, kept or not. */
export const createMemory = (store: Store, stateDir: string, event: (record: JournalRecord) => void): Memory => {
  const damage: Problem[] = [];
  const read = <T>(name: string, as: (value: unknown) => T | undefined): T | undefined => {
    const found = store.readJson(name);
    if (found.kind === 'missing') return undefined;
    const value = found.kind === 'value' ? as(found.value) : undefined;
    if (value !== undefined) return value;
    if (found.kind === 'unreadable') {
      const hint = 'Run this as root, to know what the agent remembers.';
      damage.push({ code: 'state-unreadable', severity: 'warning', message: found.reason, hint, file: stateDir });
      return undefined;
    }
    const reason = found.kind === 'damaged' ? found.reason : 'it holds something that this version does not understand';
    const hint = 'What it remembered is lost; files on disk speak for themselves.';
    damage.push({ code: 'state-damaged', severity: 'warning', message: `${name}: ${reason}`, hint, file: stateDir });
    return undefined;
  };

  let facts = read('facts.json', asFacts);
  let storedFacts: string | undefined = JSON.stringify(facts);
  let recent: readonly JournalRecord[] = store.readJournal(journalShown);
  let inForce: StoredConfig | undefined;
  let isStored = true;
  let place = store.place();
  let problem: Problem | undefined;

  const tryState = (what: string, act: () => void): boolean => {
    try {
      act();
      problem = undefined;
    } catch (error) {
      const message = `${what} is not kept: ${textOf(error)}`;
      problem = { code: 'state-not-saved', severity: 'error', message, hint: 'Make the state directory writable.' };
    }
    return problem === undefined;
  };

  return {
    tryState,
    damage: () => damage,
    sweep: () => void tryState('what an earlier run left', store.sweep),
    configuration: () => read('config.json', readStored),
    ledger: () => read(ledgerName, asLedger),
    saveLedger: ({ ledger, objects }) => {
      store.putObjects([...objects.values()]);
      store.writeJson(ledgerName, ledger);
      store.sweepObjects(referencedObjects(ledger));
    },
    prepareLedger: ({ ledger, objects }) => {
      // Nothing refers to them before the ledger is in place; those of a ledger that never is go with the next sweep.
      store.putObjects([...objects.values()]);
      store.prepareJson(ledgerName, ledger);
    },
    facts: () => facts,
    setConfiguration: (stored) => {
      inForce = stored;
      isStored = false;
    },
    keepConfiguration: () => {
      if (isStored || inForce === undefined) return;
      tryState('the configuration', () => {
        store.writeJson('config.json', inForce);
        isStored = true;
      });
    },
    keepFacts: (now) => {
      facts = now;
      const text = JSON.stringify(now);
      // What could not be kept before is tried again here, so that the problem goes when the disk is well.
      if (text === storedFacts && problem === undefined) return;
      tryState('what is known of the node', () => {
        store.writeJson('facts.json', now);
        storedFacts = text;
      });
    },
    journal: (records) => {
      recent = [...recent, ...records].slice(-journalShown);
      tryState('the journal', () => store.appendJournal(records));
      for (const record of records) event(record);
    },
    recent: () => recent,
    isLost: () => {
      const now = store.place();
      if (place === undefined || (place === now && now !== 'gone')) return false;
      place = now === 'gone' ? undefined : now;
      isStored = false;
      storedFacts = undefined;
      return true;
    },
    noteFilled: () => {
      // While nothing can be kept, a directory that is gone is no news.
      place ??= store.place();
    },
    problems: () => (problem === undefined ? damage : [...damage, problem]),
    isKept: () => problem === undefined,
    reopen: () => {
      facts = read('facts.json', asFacts);
      storedFacts = JSON.stringify(facts);
      recent = store.readJournal(journalShown);
    },
    forget: () => {
      facts = undefined;
      storedFacts = undefined;
      isStored = false;
      recent = [];
    },
  };
};
