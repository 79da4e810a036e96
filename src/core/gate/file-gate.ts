import type { Outs } from './standing.ts';

/** What the gate remembers of one file. Times are steady milliseconds. */
export type FileGate = {
  /** Keys of the mirrors that are taken out of it. */
  readonly out: readonly string[];
  /** Those of them that its first file never had: that they come in is no flap. */
  readonly leftOut?: readonly string[];
  /** When mirrors were given back to it during the last hour. */
  readonly givenBack: readonly number[];
  /** Nothing is given back before; from then on there is one trial. */
  readonly closedUntil?: number;
  /** A trial is under way until then: a mirror that is withdrawn before stays out for another hour. */
  readonly trialUntil?: number;
};

/** At most this often in an hour, then out for an hour (design.md, Gate). */
export const giveBackLimits = { count: 3, windowMs: 3_600_000, closedMs: 3_600_000 } as const;

const open: FileGate = { out: [], givenBack: [] };

/** A clock that was set back must not keep a file closed for longer than the limit. */
const within = (until: number | undefined, now: number): until is number =>
  until !== undefined && now < until && until - now <= giveBackLimits.closedMs;

export type Standings = {
  readonly isOut: (key: string) => boolean;
  /** It is out, and its last answer was good: the next one decides, in about a second. */
  readonly isReturning: (key: string) => boolean;
  /** A first file is being made without it. */
  readonly isLeftOut?: (key: string) => boolean;
};

/**
 * Which of a file's mirrors are out now. What is costly goes at once, always; what has come back is given back unless
 * the file has flapped: at most 3 times an hour, then it is closed for an hour, then one trial. Mirrors that return at the
 * same time come back together, as one. What a first file was made without comes in without being counted.
 */
export const nextFileGate = (
  before: FileGate | undefined,
  mirrors: readonly string[],
  { isOut, isReturning, isLeftOut = () => false }: Standings,
  now: number,
): FileGate => {
  const old = before ?? open;
  const costly = mirrors.filter(isOut);
  const wasOut = old.out.filter((key) => mirrors.includes(key));
  const back = wasOut.filter((key) => !isOut(key));
  const givenBack = old.givenBack.filter((at) => at <= now && now - at < giveBackLimits.windowMs);
  const trial = within(old.trialUntil, now) ? { trialUntil: old.trialUntil } : {};
  const expired = old.closedUntil === undefined ? {} : { closedUntil: old.closedUntil };
  const wasLeftOut = (key: string): boolean => old.leftOut?.includes(key) === true;
  const gate = (out: readonly string[], rest: Omit<FileGate, 'out' | 'leftOut'>): FileGate => {
    const leftOut = out.filter((key) => isLeftOut(key) || wasLeftOut(key));
    return { out, ...(leftOut.length === 0 ? {} : { leftOut }), ...rest };
  };
  const all = mirrors.filter((key) => isOut(key) || wasOut.includes(key));
  if (within(old.closedUntil, now)) return gate(all, { givenBack, ...expired });
  const together = back.length > 0 && wasOut.some((key) => isOut(key) && isReturning(key));
  if (back.length === 0 || together) return gate(all, { givenBack, ...expired, ...trial });
  if (back.every(wasLeftOut)) return gate(costly, { givenBack, ...expired, ...trial });
  if (old.closedUntil !== undefined) {
    return gate(costly, { givenBack: [now], trialUntil: now + giveBackLimits.windowMs });
  }
  if ('trialUntil' in trial || givenBack.length >= giveBackLimits.count) {
    return gate(all, { givenBack, closedUntil: now + giveBackLimits.closedMs });
  }
  return gate(costly, { givenBack: [...givenBack, now] });
};

/** Mirrors that answer again and stay out because the file has flapped, and until when. */
export const heldBack = (
  gate: FileGate,
  isOut: (key: string) => boolean,
): { readonly keys: readonly string[]; readonly until: number } | undefined => {
  const keys = gate.out.filter((key) => !isOut(key));
  return keys.length === 0 || gate.closedUntil === undefined ? undefined : { keys, until: gate.closedUntil };
};

/** Whether a mirror is out of a file: its answers speak against it, or they are good again and the file has flapped. */
export const isTakenOut = (
  { outs, files }: { readonly outs: Outs; readonly files: Readonly<Record<string, FileGate>> },
  key: string,
): boolean => key in outs || Object.values(files).some(({ out }) => out.includes(key));
