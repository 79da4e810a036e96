import type { Change } from './change.ts';
import { parseContainerdVersion } from './containerd/containerd-version.ts';
import type { Decision, FileDecision } from './decision.ts';
import { forPeople } from './judged.ts';
import type { Ledger, Quarantined } from './ledger.ts';
import type { FilePlan } from './plan-file.ts';
import type { PlanInput } from './plan-input.ts';
import type { Problem } from './problem.ts';
import { redactText } from './redact.ts';
import { isHostsFile } from './survey.ts';
import type { Seen } from './tree.ts';

type Rules = Pick<PlanInput, 'tools' | 'facts'>;

/** How this `hosts.toml` would kill this node's containerd (of an unknown version: any modelled one); else `undefined`. */
export const deadlyHow = ({ tools, facts }: Rules, bytes: Uint8Array): string | undefined => {
  const version = parseContainerdVersion(facts.containerdVersion ?? '');
  const { verdict, problems } = tools.judge(bytes, version);
  if (verdict !== 'deadly') return undefined;
  const found = forPeople(problems, version).find(({ code }) => code === 'hosts-deadly');
  return found?.line === undefined ? 'containerd dies of it' : `line ${found.line}: ${redactText(found.message)}`;
};

/** Somebody's hosts.toml that would kill this node's containerd (unknown: any). */
export const isDeadly = (input: Rules, path: string, bytes: Uint8Array): boolean =>
  isHostsFile(path) && deadlyHow(input, bytes) !== undefined;

/**
 * What containerd reads at this path: a hosts.toml, or one that a link leads to (of a file, or of a whole
 * directory; those that `release` set aside are none).
 */
export const readThere = (path: string, seen: Seen | undefined): Uint8Array | undefined => {
  if (seen?.kind === 'file') return isHostsFile(path) ? seen.bytes : undefined;
  const isRegistry = !path.includes('/') && !/\.deadly(?:\.\d+)?$/.test(path);
  return seen?.kind === 'symlink' && (isHostsFile(path) || isRegistry) ? seen.behind : undefined;
};

const standingHow = (input: PlanInput, path: string): string | undefined => {
  const bytes = readThere(path, input.tree.entries.get(path));
  return bytes === undefined ? undefined : deadlyHow(input, bytes);
};

const moveAway = (path: string, how: string): string =>
  `${path} would kill this node's containerd at the next pull (${how})`;

const quarantinedOf = (seen: Seen, input: PlanInput): Quarantined | undefined => {
  const { mode, uid, gid } = seen;
  if (seen.kind === 'symlink') return { content: { kind: 'symlink', target: seen.target }, bytes: undefined };
  if (seen.kind !== 'file') return undefined;
  return { content: { kind: 'file', sha256: input.tools.sha256(seen.bytes), mode, uid, gid }, bytes: seen.bytes };
};

const quarantine = (plan: FilePlan, quarantined: Quarantined, how: string): FilePlan => {
  const { path, writer } = plan.decision;
  const detail = `${moveAway(path, how)}: it goes into quarantine`;
  return {
    decision: { path, action: 'remove', reason: 'would-kill-containerd', detail, writer, deadly: how },
    quarantined,
  };
};

/**
 * Looks at what is planned where somebody's deadly file stands: what ours replaces is named; anything else stays with an
 * alarm, or with `deadlyFiles: quarantine` goes at once. A tool's file is never touched.
 */
export const guarded = (input: PlanInput, plan: FilePlan): FilePlan => {
  const { path, writer, reason, action } = plan.decision;
  if (writer === 'ours' || writer === 'ours-stale') return plan;
  const how = standingHow(input, path);
  if (how === undefined) return plan;
  if (plan.put !== undefined) return { ...plan, decision: { ...plan.decision, deadly: how } };
  const seen = input.tree.entries.get(path);
  const quarantined = seen === undefined ? undefined : quarantinedOf(seen, input);
  // Spegel's own file stays until its mended form takes its place.
  const isAwaited = writer === 'spegel' && action === 'wait';
  const mayGo = input.settings.deadlyFiles === 'quarantine' && writer !== 'tool' && !isAwaited;
  if (mayGo && quarantined !== undefined) return quarantine(plan, quarantined, how);
  const owner = writer === 'tool' ? ', and belongs to another tool: never touched' : '';
  const because = reason === 'overwritten-again' || reason === 'tool-owns-it' ? reason : 'would-kill-containerd';
  const detail = `${moveAway(path, how)}${owner}`;
  return { ...plan, decision: { ...plan.decision, reason: because, detail, deadly: how } };
};

/** A registry directory that is a link to somewhere: what containerd reads behind it, where templates are held back. */
export const guardedLink = (input: PlanInput, blocked: Decision): Decision & { readonly quarantined?: Quarantined } => {
  const { registry } = blocked;
  const seen = input.tree.entries.get(registry);
  const how = standingHow(input, registry);
  const writer = input.survey.get(registry)?.writer ?? 'foreign';
  if (seen === undefined || how === undefined) return blocked;
  const base = { path: registry, action: 'leave', reason: 'not-ours', detail: '', writer } as const;
  const { decision, quarantined } = guarded(input, { decision: base });
  const changes: readonly Change[] =
    decision.action === 'remove' ? [{ kind: 'remove-file', path: registry, expected: seen.id }] : [];
  return {
    ...blocked,
    files: [...blocked.files, decision],
    changes,
    ...(quarantined === undefined ? {} : { quarantined }),
  };
};

const hints = {
  stands: 'Take out the line at once, or let `deadlyFiles: quarantine` move such files away.',
  tool: 'Correct it in the tool that writes it: the agent never touches its files.',
  quarantined:
    'Put a corrected file in its place. It never comes back as it is; `release` leaves it as hosts.toml.deadly.',
} as const;

/** Every file that would kill containerd is a problem as long as it stands, or lies in quarantine. */
export const deadlyProblems = (files: readonly FileDecision[]): readonly Problem[] =>
  files.flatMap(({ path, action, writer, deadly, detail }): Problem[] => {
    if (deadly === undefined || action === 'write' || action === 'put-back') return [];
    const hint =
      writer === 'tool' ? hints.tool : action === 'leave' || action === 'conflict' ? hints.stands : undefined;
    const place = { file: `certs.d/${path}`, path };
    return [{ code: 'deadly-file', severity: 'error', message: detail, hint: hint ?? hints.quarantined, ...place }];
  });

export type DeadlyNews = { readonly path: string; readonly detail: string };

const mostTold = 20;

/** Deadly files that nobody has been told of yet: each content of each path once. */
export const deadlyNews = (
  ledger: Ledger,
  files: readonly FileDecision[],
  look: Pick<PlanInput, 'tree' | 'tools'>,
): { readonly ledger: Ledger; readonly news: readonly DeadlyNews[] } => {
  const told: Record<string, readonly string[]> = { ...ledger.deadlyTold };
  const news: DeadlyNews[] = [];
  for (const { path, deadly } of files) {
    if (deadly === undefined) continue;
    const bytes = readThere(path, look.tree.entries.get(path));
    const kept = ledger.originals[path]?.content;
    const sha256 = bytes === undefined ? (kept?.kind === 'file' ? kept.sha256 : '') : look.tools.sha256(bytes);
    const known = told[path] ?? [];
    if (known.includes(sha256)) continue;
    told[path] = [...known, sha256].slice(-mostTold);
    news.push({ path, detail: moveAway(path, deadly) });
  }
  return news.length === 0 ? { ledger, news } : { ledger: { ...ledger, deadlyTold: told }, news };
};
