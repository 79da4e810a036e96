import { phases } from './ledger.ts';
import type { Problem } from './problem.ts';
import type { JournalRecord } from './status.ts';

/** What is told about the Node in the cluster; few, for people, with what to do. */
export type ClusterEvent = {
  readonly type: 'Normal' | 'Warning';
  /** One word, so that repetitions are found. */
  readonly reason: string;
  readonly note: string;
};

/** The API takes no more than 1,024 bytes. */
const longestNote = 1_000;

const cut = (text: string): string => {
  const bytes = new TextEncoder().encode(text.toWellFormed());
  if (bytes.length <= longestNote) return text;
  return `${new TextDecoder().decode(bytes.subarray(0, longestNote - 3)).replace(/\uFFFD+$/, '')}…`;
};

const worrying: ReadonlySet<string> = new Set(['conflict', 'withdrawn', 'orphaned']);

const advice: Readonly<Record<string, string>> = {
  conflict: 'Find who writes that file, or remove our template for it.',
  withdrawn: "Pulls go on without Spegel's mirrors; look at Spegel's pod on this node.",
  orphaned: 'Bootstrap mirrors stand instead; Spegel was removed without its hook, or its pod does not start.',
};

const phaseEvent = (detail: string): ClusterEvent => {
  const to = /-> ([a-z]+):/.exec(detail)?.[1] ?? '';
  const known = phases.find((phase) => phase === to);
  const next = advice[to];
  return {
    type: worrying.has(to) ? 'Warning' : 'Normal',
    reason: known === undefined ? 'PhaseChanged' : `Phase${known[0]?.toUpperCase() ?? ''}${known.slice(1)}`,
    note: cut(next === undefined ? detail : `${detail}. ${next}`),
  };
};

const told: Readonly<Record<string, Pick<ClusterEvent, 'reason'> & { readonly next: string }>> = {
  deadly: { reason: 'DeadlyFile', next: 'Correct or remove it, or set deadlyFiles: quarantine.' },
  alarm: { reason: 'SpegelStuck', next: "Look at Spegel's init container and uninstall hook on this node." },
  flapping: { reason: 'MirrorFlaps', next: 'It stays out for an hour; find out why it comes and goes.' },
  'state-lost': { reason: 'StateLost', next: 'Find out who removes the state directory.' },
};

/** Phase changes, deadly files and alarms of the journal; `undefined` for what the cluster need not know. */
export const eventOfRecord = ({ event, path, detail }: JournalRecord): ClusterEvent | undefined => {
  if (event === 'phase') return phaseEvent(detail);
  const known = told[event];
  if (known === undefined) return undefined;
  const note = `${path === undefined ? '' : `${path}: `}${detail}. ${known.next}`;
  return { type: 'Warning', reason: known.reason, note: cut(note) };
};

const reasonOf = (code: string): string => {
  if (code === 'mirror-not-allowed') return 'MirrorNotAllowed';
  if (/^config(?:-map)?-missing$/.test(code)) return 'ConfigurationMissing';
  return /^(?:config|yaml|extension|helm|settings)/.test(code) ? 'ConfigurationRefused' : 'CannotKeepFilesRight';
};

/** Errors of configuration, templates and disk, with what to do. */
export const eventOfProblem = ({ code, severity, message, hint, file, line }: Problem): ClusterEvent | undefined => {
  if (severity !== 'error' || code === 'deadly-file') return undefined;
  const reason = reasonOf(code);
  const place = file === undefined ? '' : `${file}${line === undefined ? '' : `:${line}`}: `;
  return { type: 'Warning', reason, note: cut(`${place}${message} (${code}). ${hint}`) };
};
