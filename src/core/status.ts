import type { ConfigChoice } from './config/config-choice.ts';
import type { FileDecision } from './decision.ts';
import type { Desired } from './desired.ts';
import type { Facts } from './facts.ts';
import type { MirrorRole } from './gate/mirror.ts';
import { currentOf, type MirrorState, type Verdict } from './gate/verdict.ts';
import type { Ledger, Phase } from './ledger.ts';
import type { Problem } from './problem.ts';
import { shownUrl } from './shown-url.ts';

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
  readonly gate: 'enforce' | 'observe' | 'off';
  readonly spegel: { readonly mode: Desired['spegel'] | 'unknown'; readonly reason: string };
  readonly files: readonly FileStatus[];
  readonly mirrors: readonly MirrorStatus[];
  readonly problems: readonly Problem[];
  readonly journal: readonly JournalRecord[];
};

export type ConfigurationStatus = {
  readonly source: string;
  readonly sha256: string;
  readonly inForce: ConfigChoice['inForce'];
};

/** `withdrawn`, `wouldWithdraw`: the URLs of mirrors that the gate took out, or would. */
export type FileStatus = Omit<FileDecision, 'bytes'>;

/** One mirror as the probes see it (design.md, Gate). */
export type MirrorStatus = {
  /** Without user-info, query and fragment. */
  readonly url: string;
  readonly role: MirrorRole;
  /** Host name or address without brackets. */
  readonly address: string;
  readonly port: number;
  /** `unknown`: not asked yet. */
  readonly verdict: Verdict | 'unknown';
  readonly since: string;
  readonly latencyMs: number;
  readonly detail: string;
  /** The gate has taken it out of the files that name it (with `gate: observe`: would have). */
  readonly withdrawn: boolean;
  /** Registry directories whose file names it, standing or wanted; none for a port that is only watched. */
  readonly registries: readonly string[];
  /** The last 15 minutes, oldest first, at most 200 samples. */
  readonly recent: readonly { readonly at: string; readonly verdict: Verdict; readonly latencyMs: number }[];
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

const tenths = (ms: number): number => Math.round(ms * 10) / 10;

/** What is costly to print is made only for who shows it: a scrape of hundreds of mirrors reads none of it. */
export const mirrorStatus = (state: MirrorState, withdrawn: boolean, format: (ms: number) => string): MirrorStatus => {
  const { mirror, recent, watchedSince } = state;
  const current = currentOf(state);
  return {
    get url() {
      return shownUrl(mirror.url);
    },
    role: mirror.role,
    address: mirror.address,
    port: mirror.port,
    verdict: current?.last.verdict ?? 'unknown',
    get since() {
      return format(current?.since ?? watchedSince);
    },
    latencyMs: tenths(current?.last.latencyMs ?? 0),
    detail: current?.last.detail ?? 'not asked yet',
    withdrawn,
    registries: mirror.registries,
    get recent() {
      return recent.map(({ at, verdict, latencyMs }) => ({ at: format(at), verdict, latencyMs: tenths(latencyMs) }));
    },
  };
};

export const phaseStatus = (ledger: Ledger, format: (ms: number) => string): Status['phase'] =>
  ledger.phase === undefined
    ? { phase: 'starting', since: format(0), reason: 'the first pass has not been made' }
    : { ...ledger.phase, since: format(ledger.phase.since) };
