import type { Change } from './core/change.ts';
import type { Kept } from './core/originals.ts';
import { type Pass, type PassInput, planPass, sameInput } from './core/pass.ts';

/** What a rehearsal needs of the outside; each may throw. */
export type RehearsalPorts = {
  readonly now: () => number;
  /** Brings to disk what `save` of this very ledger will write, without putting it in place. */
  readonly prepareKept: (kept: Kept) => void;
  /** The same for these very changes. */
  readonly prepareChanges: (changes: readonly Change[]) => void;
  /** Removes what was prepared and not used. */
  readonly discard: () => void;
};

/**
 * A pass that waits until nothing has changed for a while leaves processor and disk idle. Shortly before that moment it
 * is thought through as if nothing happened until then, and what it would write is brought to disk under other names.
 * The pass itself looks at everything again. Only when it finds the very same does it go by what was rehearsed: planning
 * is pure, so it would come to the same; and where it writes, it only renames. Else all of that is thrown away.
 */
export type Rehearsal = {
  /** When to rehearse for a pass at this moment; `undefined`: not for this one. */
  readonly timeFor: (moment: number) => number | undefined;
  /** `input.now` is the moment at which the pass will be made. */
  readonly rehearse: (input: PassInput) => void;
  /** What was rehearsed, if it was for this. */
  readonly recall: (input: PassInput) => Pass | undefined;
  /** After each pass: nothing that was prepared is left. */
  readonly end: () => void;
};

export const rehearsalTimes = {
  /** So long before the pass, in milliseconds: whoever is still at work has most likely shown it by then. */
  lead: 100,
  /** Nothing is begun so shortly before it. */
  close: 20,
  /** A pass is the one that was rehearsed when it comes no later than this: a busy machine is late. */
  late: 100,
  /** In vain: the next one not before this time, and each time twice of it, so that a busy directory wears no disk. */
  pause: 1_000,
  pauseAtMost: 60_000,
} as const;

export const createRehearsal = (ports: RehearsalPorts): Rehearsal => {
  let known: { readonly input: PassInput; readonly pass: Pass } | undefined;
  let wasUsed = false;
  let inVain = 0;
  let notBefore = Number.NEGATIVE_INFINITY;

  /** A full disk, say, is no problem here: the pass will meet it, and say it. */
  const trying = (act: () => void): void => {
    try {
      act();
    } catch {}
  };

  const prepare = ({ input, pass }: { readonly input: PassInput; readonly pass: Pass }): void => {
    const { kept, plan } = pass;
    if (kept.ledger !== input.ledger || kept.objects.size > 0) ports.prepareKept(kept);
    for (const { changes } of plan.registries) {
      if (ports.now() > input.now - rehearsalTimes.close) return;
      ports.prepareChanges(changes);
    }
  };

  const timeFor = (moment: number): number | undefined => {
    const now = ports.now();
    if (known !== undefined || moment - now < rehearsalTimes.close) return undefined;
    const at = Math.max(moment - rehearsalTimes.lead, now);
    return at < notBefore ? undefined : at;
  };

  const rehearse = (input: PassInput): void => {
    const pass = planPass(input);
    if (!pass.observation.settled) return;
    known = { input, pass };
    wasUsed = false;
    trying(() => prepare({ input, pass }));
  };

  const recall = (input: PassInput): Pass | undefined => {
    if (known === undefined) return undefined;
    const late = input.now - known.input.now;
    if (late < 0 || late > rehearsalTimes.late) return undefined;
    if (!sameInput(known.input, { ...input, now: known.input.now })) return undefined;
    wasUsed = true;
    return known.pass;
  };

  const end = (): void => {
    if (known === undefined) return;
    known = undefined;
    inVain = wasUsed ? 0 : inVain + 1;
    const pause = wasUsed ? 0 : rehearsalTimes.pause * 2 ** (inVain - 1);
    notBefore = ports.now() + Math.min(pause, rehearsalTimes.pauseAtMost);
    trying(ports.discard);
  };

  return { timeFor, rehearse, recall, end };
};
