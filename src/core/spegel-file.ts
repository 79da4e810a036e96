import { cameOutOfBackup } from './attribution.ts';
import { hostFromUrl } from './config/context-address.ts';
import { parseContainerdVersion } from './containerd/containerd-version.ts';
import type { Facts } from './facts.ts';
import { mirrorKey } from './gate/mirrors.ts';
import type { MirrorState } from './gate/verdict.ts';
import type { Ledger } from './ledger.ts';
import type { SpegelFile, StandInReason } from './marker.ts';
import type { Tools } from './tools.ts';
import type { Seen, Tree } from './tree.ts';
import type { Owned } from './writer.ts';

/** Spegel's file at a path: it stands there itself, or a stand-in of ours carries it. */
export type KnownSpegel = {
  readonly file: SpegelFile;
  /** `undefined`: Spegel's own file stands. */
  readonly standIn: StandInReason | undefined;
};

type Knowledge = { readonly tree: Pick<Tree, 'backup'>; readonly ledger: Ledger; readonly tools: Tools };

/** A stand-in that somebody removed or overwrote, or one of 0 bytes: the ledger still has what it held back. */
const fromLedger = (path: string, seen: Seen | undefined, owned: Owned, known: Knowledge): KnownSpegel | undefined => {
  const saved = known.ledger.spegel[path];
  if (saved === undefined) return undefined;
  const empty = seen?.kind === 'file' && seen.bytes.length === 0;
  // Ours, marker and all, and it carries nothing: it stands in for nothing.
  if (owned.writer === 'ours' && owned.marked !== undefined) return undefined;
  if (known.tree.backup === undefined && !empty && owned.writer !== 'ours-edited') return undefined;
  const bytes = known.tools.object(saved.sha256);
  const { mode, uid, gid, reason } = saved;
  return bytes === undefined ? undefined : { file: { bytes, mode, uid, gid }, standIn: reason };
};

/** Finds Spegel's bytes for a path; a stand-in that came back out of `_backup/` is of another day and does not count. */
export const knownSpegel = (
  path: string,
  seen: Seen | undefined,
  owned: Owned,
  known: Knowledge,
): KnownSpegel | undefined => {
  if (seen?.kind === 'file' && owned.writer === 'spegel') {
    const { bytes, mode, uid, gid } = seen;
    return { file: { bytes, mode, uid, gid }, standIn: undefined };
  }
  if (seen !== undefined && cameOutOfBackup(path, seen, known.ledger)) return undefined;
  const carried = owned.marked?.standIn;
  if (carried !== undefined) return { file: carried.spegel, standIn: carried.reason };
  return fromLedger(path, seen, owned, known);
};

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.');

const hostOf = (url: string): string | undefined =>
  URL.canParse(url) ? hostFromUrl(new URL(url).hostname) : undefined;

/**
 * The mirrors of a Spegel file, by key, that lead to this node; when none does (`nodeIp` set to a name, say), all of its plain
 * HTTP ones: Spegel's mirrors speak HTTP.
 */
export const localMirrors = (
  bytes: Uint8Array,
  registry: string,
  { facts, tools }: { readonly facts: Facts; readonly tools: Tools },
): readonly string[] => {
  const hosts = tools.parse(bytes)?.hosts ?? [];
  const own = new Set(facts.nodeAddresses.map(hostFromUrl));
  const local = hosts.filter(({ url }) => {
    const host = hostOf(url);
    return host !== undefined && (own.has(host) || isLoopback(host));
  });
  const counting = local.length > 0 ? local : hosts.filter(({ url }) => url.startsWith('http://'));
  return counting.map((host) => mirrorKey(host, registry, tools));
};

/** Is Spegel still there behind these mirrors? `unknown` until each has been asked once. */
export type Liveness = 'alive' | 'refusing' | 'unknown';

export const livenessOf = (keys: readonly string[], mirrors: ReadonlyMap<string, MirrorState>): Liveness => {
  const verdicts = keys.map((key) => mirrors.get(key)?.shallow?.last.verdict);
  if (verdicts.some((verdict) => verdict !== undefined && verdict !== 'refused')) return 'alive';
  return verdicts.includes(undefined) ? 'unknown' : 'refusing';
};

/** All of them have refused since when? `undefined`: not all do. */
export const refusingSince = (
  keys: readonly string[],
  mirrors: ReadonlyMap<string, MirrorState>,
): number | undefined => {
  let since = Number.NEGATIVE_INFINITY;
  for (const key of keys) {
    const series = mirrors.get(key)?.shallow;
    if (series?.last.verdict !== 'refused') return undefined;
    since = Math.max(since, series.since);
  }
  return keys.length === 0 ? undefined : since;
};

/** One of the ports answered twice in a row: an orphan has come back. */
export const answersTwice = (keys: readonly string[], mirrors: ReadonlyMap<string, MirrorState>): boolean =>
  keys.some((key) => (mirrors.get(key)?.answersInARow ?? 0) >= 2);

/** Would this node's containerd do what Spegel's file says? With an unknown version: would any? */
export const isReadByContainerd = (
  bytes: Uint8Array,
  facts: Facts,
  tools: Tools,
  beside: ReadonlyMap<string, Uint8Array>,
): boolean => {
  const version = parseContainerdVersion(facts.containerdVersion ?? '');
  const judged = tools.judge(bytes, version, beside);
  if (judged.verdict === 'ok') return true;
  return version === undefined && judged.hosts.length > 0 && judged.verdict === 'ignored';
};
