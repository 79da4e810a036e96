import { parseContainerdVersion } from './containerd/containerd-version.ts';
import { mergeHostsFiles } from './containerd/hosts-edit.ts';
import { printHostsFile } from './containerd/hosts-print.ts';
import type { Reason } from './decision.ts';
import type { DesiredFile, DesiredUnit } from './desired.ts';
import { isAllowed } from './effective-unit.ts';
import type { Fight } from './ledger.ts';
import { composeFile, type MarkedFile, type StandInReason } from './marker.ts';
import { awaitedUntil, type Gated, gateBody } from './plan-gate.ts';
import type { PlanInput } from './plan-input.ts';
import { filesBeside } from './preserve.ts';
import {
  answersTwice,
  isReadByContainerd,
  type KnownSpegel,
  livenessOf,
  localMirrors,
  refusingSince,
} from './spegel-file.ts';
import { registryOf } from './tree.ts';

/** What shall stand at the place of a hosts.toml. */
export type Target =
  | {
      readonly kind: 'leave';
      readonly reason: Reason;
      readonly detail: string;
      readonly gated?: Gated;
      /** Nothing is known yet of mirrors that a first file would name. */
      readonly awaitedUntil?: number;
    }
  | {
      readonly kind: 'ours';
      readonly file: MarkedFile;
      readonly mode: number;
      readonly reason: Reason;
      readonly detail: string;
      readonly gated?: Gated;
    }
  | { readonly kind: 'spegel'; readonly known: KnownSpegel; readonly detail: string; readonly gated?: Gated };

type Stage = {
  readonly input: PlanInput;
  readonly path: string;
  readonly unit: DesiredUnit;
  readonly file: DesiredFile;
  readonly known: KnownSpegel;
};

const standIn = (stage: Stage, reason: StandInReason, body: Uint8Array, detail: string): Target => ({
  kind: 'ours',
  reason,
  detail,
  mode: stage.file.mode,
  file: { source: stage.file.source, body, standIn: { reason, spegel: stage.known.file } },
});

/** An orphan: Spegel's own mirrors have refused for long enough, and none has come back. */
const isOrphan = ({ input, path, known }: Stage): boolean => {
  const urls = localMirrors(known.file.bytes, registryOf(path), input);
  if (known.standIn === 'orphaned') return !answersTwice(urls, input.mirrors);
  const since = refusingSince(urls, input.mirrors);
  if (since === undefined) return false;
  const seen = input.tree.entries.get(path);
  const dated = known.standIn === undefined && seen?.kind === 'file' ? Number(BigInt(seen.id.mtime) / 1_000_000n) : 0;
  // A file dated in the future (a clock that jumped) tells nothing.
  const written = dated > input.now ? 0 : dated;
  const from = Math.max(since, written, input.observation.watch.spegelWroteAt ?? 0);
  return input.now - from >= input.settings.orphanAfterMs;
};

const version = (input: PlanInput) => parseContainerdVersion(input.facts.containerdVersion ?? '');

/** Merges two files, the first one's top-level keys and hosts first; the first alone if the outcome would not be read, or is not allowed. */
const mergedOr = (
  { input, path, unit }: Pick<Stage, 'input' | 'path' | 'unit'>,
  first: Uint8Array,
  second: Uint8Array,
): Uint8Array => {
  const one = input.tools.parse(first);
  const other = input.tools.parse(second);
  if (one === undefined || other === undefined) return first;
  const text = printHostsFile(mergeHostsFiles(one, other), { version: version(input) });
  const bytes = new TextEncoder().encode(text);
  const isFine = isReadByContainerd(bytes, input.facts, input.tools, filesBeside(input, path, unit));
  // The template's own hosts were judged when they were rendered.
  return isFine && isAllowed(input, unit.registry, bytes) ? bytes : first;
};

/** `prependExisting`: what somebody had written for this registry follows our hosts, as Spegel itself does it. */
const withExisting = (place: Pick<Stage, 'input' | 'path' | 'unit' | 'file'>): Uint8Array => {
  const { input, path, file } = place;
  const original = input.ledger.originals[path];
  if (original?.content.kind !== 'file' || original.state === 'removed') return file.bytes;
  const bytes = input.tools.object(original.content.sha256);
  return bytes === undefined ? file.bytes : mergedOr(place, file.bytes, bytes);
};

/** Spegel's file with each host once; if even that is not read by this containerd, our own content. */
const mended = (stage: Stage): Uint8Array => {
  const { input, path, unit, known, file } = stage;
  const parsed = input.tools.parse(known.file.bytes);
  if (parsed === undefined) return file.bytes;
  const text = printHostsFile(mergeHostsFiles(parsed, parsed), { version: version(input) });
  const bytes = new TextEncoder().encode(text);
  return isReadByContainerd(bytes, input.facts, input.tools, filesBeside(input, path, unit)) ? bytes : file.bytes;
};

/** Spegel's file without the mirrors that cost pulls; a withdrawn file is always Spegel's in mode and source. */
const withdrawnFile = (stage: Stage, gated: Gated): Target => ({
  kind: 'ours',
  reason: 'withdrawn',
  detail: gated.detail,
  mode: stage.file.mode,
  gated,
  file: {
    source: stage.file.source,
    body: gated.body,
    without: gated.without,
    standIn: { reason: 'withdrawn', spegel: stage.known.file },
  },
});

const besideSpegel = (stage: Stage): Target => {
  const { input, unit, file, known, path } = stage;
  if (unit.policy === 'hold') {
    const empty = file.bytes.length === 0;
    const orphan = !empty && isOrphan(stage);
    if (orphan) return standIn(stage, 'orphaned', file.bytes, 'the mirrors of the file that Spegel left behind refuse');
    return standIn(stage, empty ? 'emptied' : 'held', file.bytes, unit.policyReason);
  }
  if (isOrphan(stage)) {
    return standIn(stage, 'orphaned', file.bytes, 'Spegel is gone: its mirrors on this node have refused for too long');
  }
  if (unit.policy === 'merge') {
    const told = isAllowed(input, unit.registry, known.file.bytes)
      ? "the template's hosts, then Spegel's"
      : "the template's hosts alone: policy.mirrors does not allow all of Spegel's";
    return standIn(stage, 'merged', mergedOr(stage, file.bytes, known.file.bytes), told);
  }
  if (!isReadByContainerd(known.file.bytes, input.facts, input.tools, filesBeside(input, path, unit))) {
    return standIn(stage, 'mended', mended(stage), 'containerd would ignore the file as Spegel wrote it');
  }
  const gated = gateBody(input, path, known.file.bytes);
  if (gated.without.length > 0) return withdrawnFile(stage, gated);
  if (known.standIn === undefined) {
    return { kind: 'leave', reason: 'spegel-owns-it', detail: gated.detail || unit.policyReason, gated };
  }
  return { ...giveBack(stage), gated };
};

/** Spegel's bytes come back when the reason has ended, as long as Spegel is there. */
const giveBack = (stage: Stage): Target => {
  const { input, path, known, file } = stage;
  const urls = localMirrors(known.file.bytes, registryOf(path), input);
  switch (livenessOf(urls, input.mirrors)) {
    case 'alive':
      return { kind: 'spegel', known, detail: `Spegel's own file comes back: it is no longer ${known.standIn}` };
    case 'unknown':
      return {
        kind: 'leave',
        reason: 'waiting-for-probe',
        detail: "Spegel's mirrors are asked before its file comes back",
      };
    case 'refusing':
      return standIn(stage, 'orphaned', file.bytes, "Spegel's mirrors refuse: its file stays kept");
  }
};

/** Takes mirrors that cost pulls out of what would stand; a first file waits until each of its mirrors was asked. */
const gatedTarget = (input: PlanInput, path: string, target: Target): Target => {
  if (target.kind !== 'ours' || target.gated !== undefined) return target;
  const until = awaitedUntil(input, path, target.file.body);
  if (until !== undefined) {
    const detail = 'its mirrors are asked before the file is written';
    return { kind: 'leave', reason: 'waiting-for-probe', detail, awaitedUntil: until };
  }
  const gated = gateBody(input, path, target.file.body);
  const detail = gated.detail === '' ? target.detail : `${target.detail}; ${gated.detail}`;
  if (gated.without.length === 0) return { ...target, detail, gated };
  const reason = target.file.standIn === undefined ? 'withdrawn' : target.reason;
  return { ...target, detail, reason, gated, file: { ...target.file, body: gated.body, without: gated.without } };
};

type TargetPlace = {
  readonly path: string;
  readonly unit: DesiredUnit;
  readonly file: DesiredFile;
  readonly known: KnownSpegel | undefined;
};

/** Decides what shall stand at a hosts.toml that a template points at. */
export const targetOf = (input: PlanInput, place: TargetPlace): Target =>
  gatedTarget(input, place.path, ungatedTarget(input, place));

const ungatedTarget = (input: PlanInput, place: TargetPlace): Target => {
  const { unit, file, known } = place;
  if (known !== undefined) return besideSpegel({ ...place, input, known });
  const bootstrap = unit.policy === 'yield';
  const body = unit.prependExisting ? withExisting({ ...place, input }) : file.bytes;
  return {
    kind: 'ours',
    mode: file.mode,
    file: { source: file.source, body },
    reason: bootstrap ? 'bootstrap' : 'template',
    detail: unit.policyReason,
  };
};

/** What stands when nothing of ours is wanted at a place where our stand-in stands: Spegel's own, if it lives. */
export const targetWithoutTemplate = (
  input: PlanInput,
  path: string,
  known: KnownSpegel,
): 'spegel' | 'wait' | 'gone' => {
  switch (livenessOf(localMirrors(known.file.bytes, registryOf(path), input), input.mirrors)) {
    case 'alive':
      return 'spegel';
    case 'unknown':
      return 'wait';
    case 'refusing':
      return 'gone';
  }
};

export const fightLimits = { count: 5, windowMs: 600_000, backOffMs: 600_000, longestMs: 3_600_000 } as const;

/** Somebody overturned a file of ours once more: may we write again? More than 5 in 10 minutes are a conflict. */
export const fightAgain = (
  fight: Fight | undefined,
  writer: string,
  now: number,
): { fight: Fight; conflict: boolean } => {
  const before = fight ?? { overturned: [], level: 0 };
  if (before.until !== undefined && now < before.until) return { fight: before, conflict: true };
  const recent = before.overturned.filter((one) => now - one.at < fightLimits.windowMs && one.at <= now);
  const calm = before.until !== undefined && now - before.until > fightLimits.longestMs;
  const level = calm ? 0 : before.level;
  const overturned = [...recent, { at: now, writer }];
  if (overturned.filter((one) => one.writer === writer).length <= fightLimits.count) {
    return { fight: { overturned, level }, conflict: false };
  }
  const pause = Math.min(fightLimits.backOffMs * 2 ** level, fightLimits.longestMs);
  return { fight: { overturned: [], level: level + 1, until: now + pause }, conflict: true };
};

/** Our bytes for this place, marker and all. */
export const composed = (file: MarkedFile, input: PlanInput): Uint8Array =>
  composeFile(file, input.tools.agentVersion, input.tools.sha256);
