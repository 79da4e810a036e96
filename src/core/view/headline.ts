import type { FileStatus, MirrorStatus, Status } from '../status.ts';
import { standingOf, weightOf } from './mirrors.ts';

/** `act`: somebody must do something; `watch`: pulls work, look when there is time; `idle`: nothing is done here. */
export type Level = 'well' | 'watch' | 'act' | 'idle';

export type Headline = {
  readonly level: Level;
  readonly sentence: string;
  /** What to do about it, where no problem of the list says so. */
  readonly remedy?: string;
};

export const levelWords: Readonly<Record<Level, string>> = {
  well: 'Well',
  watch: 'Watch',
  act: 'Act now',
  idle: 'Idle',
};

const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

const verbs: Readonly<Record<MirrorStatus['verdict'], string>> = {
  up: 'answers',
  refused: 'refuses connections',
  erroring: 'answers with errors',
  timeout: 'takes no connection',
  hung: 'hangs',
  wrong: 'gives wrong answers',
  unknown: 'has not been asked yet',
};

/** The file can do harm or is fought over, or its registry is not mirrored as asked for. */
export const needsSomebody = (file: FileStatus): boolean => file.deadly !== undefined || file.action === 'conflict';

const and = (first: string, more: number, what: string): string =>
  more === 0 ? first : `${first} and ${plural(more, what)} more`;

const actSentence = (status: Status): string | undefined => {
  const deadly = status.files.find((file) => file.deadly !== undefined);
  if (deadly !== undefined) return `${deadly.path} kills containerd at the next pull of that registry.`;
  const fought = status.files.filter((file) => file.action === 'conflict');
  const [conflict] = fought;
  if (conflict !== undefined)
    return `Conflict: ${and(conflict.path, fought.length - 1, 'file')} cannot be kept right: ${conflict.detail}.`;
  if (status.phase.phase === 'conflict') return `Conflict: ${status.phase.reason}.`;
  const errors = status.problems.filter(({ severity }) => severity === 'error');
  const [error] = errors;
  if (error !== undefined) {
    const others = errors.length === 1 ? '' : ` (and ${plural(errors.length - 1, 'more error', 'more errors')})`;
    return `Something must be mended: ${error.message}${others}.`;
  }
  const costly = status.mirrors.filter(
    (mirror) => mirror.registries.length > 0 && weightOf(mirror.verdict) === 'costly',
  );
  const [first] = costly;
  if (first !== undefined && status.gate !== 'enforce')
    return `Pulls may hang: ${costly.length === 1 ? `${first.url} ${verbs[first.verdict]}` : `${costly.length} mirrors would stop them`}, and the gate is ${status.gate === 'off' ? 'off' : 'only observing'}.`;
  return undefined;
};

/** What helps where a sentence of `actSentence` names a file or the gate. */
const remedyOf = (status: Status): string | undefined => {
  const deadly = status.files.find((file) => file.deadly !== undefined);
  if (deadly !== undefined)
    return `Take the line out of ${status.certsDir}/${deadly.path} at once, or let handspegel do it: deadlyFiles: quarantine.`;
  const conflict = status.files.find((file) => file.action === 'conflict');
  if (conflict?.reason === 'tool-owns-it')
    return 'Take its template out of the configuration, or tell that tool to leave the file alone.';
  if (conflict !== undefined)
    return `Find who writes it ("handspegel history ${conflict.path}" has what they wrote), or take its template out of the configuration.`;
  return status.problems.some(({ severity }) => severity === 'error')
    ? undefined
    : 'Set handspegel.gate to enforce, or mend the mirror.';
};

const where = (status: Status): string => {
  const answering = status.mirrors.filter(
    (mirror) => mirror.verdict === 'up' && standingOf(mirror, status.gate) === 'in use',
  );
  return answering.length === 0
    ? 'images come from the upstream registries'
    : `${plural(answering.length, 'other mirror')} and the upstream registries serve images`;
};

const warning = (status: Status): string | undefined => {
  const [first, ...others] = status.problems.filter(({ severity }) => severity === 'warning');
  if (first === undefined) return undefined;
  return `Pulls work; there ${others.length === 0 ? 'is a warning' : `are ${others.length + 1} warnings, the first`}: ${first.message}.`;
};

const watchSentence = (status: Status): string | undefined => {
  if (status.phase.phase === 'orphaned')
    return `Pulls work: Spegel is gone and left its file behind; our mirrors stand in for it.`;
  const out = status.mirrors.filter((mirror) => standingOf(mirror, status.gate) === 'taken out');
  const [gone] = out;
  if (gone !== undefined && out.every(({ verdict }) => verdict === 'up'))
    return `Pulls work: ${and(gone.url, out.length - 1, 'mirror')} ${out.length === 1 ? 'answers again and is' : 'answer again and are'} not given back yet; ${where(status)}.`;
  if (gone !== undefined && out.length > 1)
    return `Pulls work: ${out.length} mirrors that would stop them are taken out; ${where(status)}.`;
  if (gone !== undefined) return `Pulls work: ${gone.url} ${verbs[gone.verdict]} and is taken out; ${where(status)}.`;
  if (status.phase.phase === 'withdrawn') return `Pulls work: mirrors are taken out; ${where(status)}.`;
  const suspected = status.mirrors.find(
    (mirror) => mirror.registries.length > 0 && weightOf(mirror.verdict) === 'costly',
  );
  if (suspected !== undefined)
    return `${suspected.url} ${verbs[suspected.verdict]}: it is taken out if it does so once more.`;
  return warning(status);
};

const answersWords = (status: Status): string => {
  const used = status.mirrors.filter((mirror) => mirror.registries.length > 0);
  if (used.length === 0) return '';
  const up = used.filter(({ verdict }) => verdict === 'up').length;
  return up === used.length
    ? `; all ${used.length} mirrors in use answer`
    : `; ${up} of ${used.length} mirrors in use answer`;
};

const calmSentence = (status: Status): Headline => {
  const answers = answersWords(status);
  const asked = status.mirrors.filter(({ registries, verdict }) => registries.length > 0 && verdict !== 'unknown');
  const silent = asked.length > 0 && asked.every(({ verdict }) => verdict !== 'up');
  switch (status.phase.phase) {
    case 'disabled':
      return {
        level: 'idle',
        sentence: 'Spegel is switched off for this node; registry files are kept as they should be.',
      };
    case 'held':
      return { level: 'well', sentence: `This node is well: our mirrors hold, Spegel adds none${answers}.` };
    case 'spegel':
      return silent
        ? { level: 'watch', sentence: `Pulls work, but no mirror answers: ${where(status)}.` }
        : { level: 'well', sentence: `This node is well: it pulls through Spegel${answers}.` };
    default:
      return silent
        ? {
            level: 'well',
            sentence:
              'Pulls work: Spegel is not here yet and no mirror answers so far; images come from the upstream registries.',
          }
        : {
            level: 'well',
            sentence: `This node is well: Spegel is not here yet, bootstrap mirrors serve images${answers}.`,
          };
  }
};

const end = (sentence: string): string => sentence.replace(/[.\s]+$/, '.');

/**
 * Is this node well, in one sentence; reasons are listed in order and the first that holds wins. `dead` says why the
 * loop does not turn.
 */
export const headline = (status: Status, dead: readonly string[] = []): Headline => {
  const [reason] = dead;
  if (reason !== undefined) return { level: 'act', sentence: `The agent hangs: ${reason}. What follows is old.` };
  if (status.phase.phase === 'released')
    return { level: 'idle', sentence: 'Released: handspegel writes nothing here until "handspegel resume".' };
  const act = actSentence(status);
  if (act !== undefined) {
    const remedy = remedyOf(status);
    return { level: 'act', sentence: end(act), ...(remedy === undefined ? {} : { remedy }) };
  }
  if (status.phase.phase === 'starting' || !status.ready)
    return { level: 'idle', sentence: 'Starting: the files of this node have not all been put right yet.' };
  const watch = watchSentence(status);
  if (watch !== undefined) return { level: 'watch', sentence: end(watch) };
  return calmSentence(status);
};
