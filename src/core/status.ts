import type { FileDecision } from './decision.ts';
import type { Desired } from './desired.ts';
import type { Facts } from './facts.ts';
import type { Ledger, Phase } from './ledger.ts';
import type { Problem } from './problem.ts';
import type { MirrorState } from './verdict.ts';

/** The one record that page, metrics and command line read. No credential is ever in it. */
export type Status = {
  readonly agentVersion: string;
  readonly pid: number;
  readonly certsDir: string;
  readonly at: string;
  readonly phase: { readonly phase: Phase | 'starting'; readonly since: string; readonly reason: string };
  /** False until the first pass has been applied. */
  readonly ready: boolean;
  /** Why nothing is written just now. */
  readonly waitingFor: string | undefined;
  readonly node: {
    readonly name: string | undefined;
    readonly addresses: readonly string[];
    readonly controlPlane: readonly string[];
    readonly runtime: string | undefined;
    readonly containerdVersion: string | undefined;
  };
  readonly configuration: ConfigurationStatus;
  readonly spegel: { readonly mode: Desired['spegel'] | 'unknown'; readonly reason: string };
  readonly files: readonly FileStatus[];
  readonly mirrors: readonly MirrorStatus[];
  readonly problems: readonly Problem[];
  readonly journal: readonly JournalRecord[];
};

export type ConfigurationStatus = {
  readonly source: string;
  readonly sha256: string;
  /** `last good`: what is mounted has problems, or is gone. */
  readonly inForce: 'mounted' | 'last good' | 'defaults' | 'none';
};

export type FileStatus = Omit<FileDecision, 'bytes'>;

export type MirrorStatus = {
  readonly url: string;
  readonly verdict: string;
  readonly since: string;
  readonly latencyMs: number;
  readonly detail: string;
};

/** One line of the journal: what happened, to which file, why. */
export type JournalRecord = {
  readonly at: string;
  readonly event: string;
  readonly path?: string;
  readonly detail: string;
};

export const fileStatus = ({ bytes: _, ...file }: FileDecision): FileStatus => file;

export const nodeStatus = (facts: Facts): Status['node'] => ({
  name: facts.nodeName,
  addresses: facts.nodeAddresses,
  controlPlane: facts.controlPlane,
  runtime: facts.runtime,
  containerdVersion: facts.containerdVersion,
});

/** User-info, query and fragment never leave the node. */
export const shownUrl = (url: string): string => {
  if (!URL.canParse(url)) return url;
  const parsed = new URL(url);
  parsed.username = '';
  parsed.password = '';
  parsed.search = '';
  parsed.hash = '';
  return parsed.href.replace(/\/$/, '');
};

export const mirrorStatus = (state: MirrorState, format: (ms: number) => string): MirrorStatus => ({
  url: shownUrl(state.url),
  verdict: state.verdict,
  since: format(state.since),
  latencyMs: Math.round(state.last.latencyMs * 10) / 10,
  detail: state.last.detail,
});

export const phaseStatus = (ledger: Ledger, format: (ms: number) => string): Status['phase'] =>
  ledger.phase === undefined
    ? { phase: 'starting', since: format(0), reason: 'the first pass has not been made' }
    : { ...ledger.phase, since: format(ledger.phase.since) };
