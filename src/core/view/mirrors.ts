import type { MirrorRole } from '../gate/mirror.ts';
import type { Verdict } from '../gate/verdict.ts';
import type { MirrorStatus, Status } from '../status.ts';
import { msOf } from './time.ts';

/** Who a mirror is, for people. */
export const roleWords: Readonly<Record<MirrorRole, string>> = {
  local: 'this node',
  service: "Spegel's Service",
  'control-plane': 'control plane',
  foreign: 'foreign',
};

/** What containerd makes of a mirror that answers so (design.md, the table of verdicts). */
export const verdictMeanings: Readonly<Record<Verdict | 'unknown', string>> = {
  up: 'answers',
  refused: 'harmless, the next host is asked',
  erroring: 'harmless, the next host is asked',
  timeout: 'up to 30 s for each request',
  hung: '30 s for each request, or for ever',
  wrong: 'it fails, or its image is broken',
  unknown: 'asked like any other',
};

export type Weight = 'good' | 'harmless' | 'costly' | 'unknown';

/** How bad a verdict is for a pull. */
export const weightOf = (verdict: Verdict | 'unknown'): Weight => {
  switch (verdict) {
    case 'up':
      return 'good';
    case 'refused':
    case 'erroring':
      return 'harmless';
    case 'timeout':
    case 'hung':
    case 'wrong':
      return 'costly';
    default:
      return 'unknown';
  }
};

/** What the gate has made of it: does containerd ask it? */
export const standingOf = (
  mirror: MirrorStatus,
  gate: Status['gate'],
): 'in use' | 'taken out' | 'would go' | 'watched' => {
  if (mirror.withdrawn) return gate === 'enforce' ? 'taken out' : 'would go';
  return mirror.registries.length > 0 ? 'in use' : 'watched';
};

const weights: readonly Weight[] = ['costly', 'harmless', 'unknown', 'good'];
const roles: readonly MirrorRole[] = ['local', 'service', 'control-plane', 'foreign'];

/** What a person must see first: mirrors taken out, then this node's own, then the others, the bad ones first. */
export const byImportance = (mirrors: readonly MirrorStatus[]): readonly MirrorStatus[] => {
  const rank = (mirror: MirrorStatus): number => {
    const weight = weightOf(mirror.verdict);
    const urgent = mirror.withdrawn || weight === 'costly' ? 0 : 100;
    const near = mirror.role === 'foreign' ? 10 * weights.indexOf(weight) : 0;
    return urgent + 20 * roles.indexOf(mirror.role) + near / 10;
  };
  return mirrors
    .map((mirror, index) => ({ mirror, index, rank: rank(mirror) }))
    .toSorted((a, b) => a.rank - b.rank || a.index - b.index)
    .map(({ mirror }) => mirror);
};

/** The last 15 minutes. */
export const recentMs = 900_000;

/** One slice of them: the slowest answer, and the worst verdict; neither when nothing was asked. */
export type Slice = { readonly weight: Weight; readonly latencyMs: number } | undefined;

/** A mirror's last 15 minutes in equal slices, oldest first. */
export const slicesOf = (mirror: MirrorStatus, at: string, count: number): readonly Slice[] => {
  const end = msOf(at);
  const slices: Slice[] = Array.from({ length: count }, () => undefined);
  for (const sample of mirror.recent) {
    const age = end - msOf(sample.at);
    if (!(age < recentMs)) continue;
    const index = Math.min(Math.max(Math.floor(((recentMs - age) / recentMs) * count), 0), count - 1);
    const known = slices[index];
    const weight = weightOf(sample.verdict);
    const worse = known === undefined || weights.indexOf(weight) < weights.indexOf(known.weight);
    slices[index] = {
      weight: worse ? weight : known.weight,
      latencyMs: Math.max(known?.latencyMs ?? 0, sample.latencyMs),
    };
  }
  return slices;
};

export type RecentSummary = {
  readonly asked: number;
  readonly up: number;
  /** Of the answers that were `up`; 0 without one. */
  readonly fastestMs: number;
  readonly slowestMs: number;
  /** `12 hung, 3 refused`, in the order of the table of verdicts; empty when all were up. */
  readonly bad: string;
};

/** The same in numbers. */
export const recentSummary = ({ recent }: MirrorStatus): RecentSummary => {
  const good = recent.filter(({ verdict }) => verdict === 'up').map(({ latencyMs }) => latencyMs);
  const counts = new Map<Verdict, number>();
  for (const { verdict } of recent) if (verdict !== 'up') counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  return {
    asked: recent.length,
    up: good.length,
    fastestMs: good.length === 0 ? 0 : Math.min(...good),
    slowestMs: good.length === 0 ? 0 : Math.max(...good),
    bad: [...counts].map(([verdict, count]) => `${count} ${verdict}`).join(', '),
  };
};

/** `0.8 ms`, `12 ms`, `1.2 s`. */
export const latencyWords = (ms: number): string => {
  if (ms >= 1_000) return `${Math.round(ms / 100) / 10} s`;
  return `${ms >= 10 ? Math.round(ms) : Math.round(ms * 10) / 10} ms`;
};
