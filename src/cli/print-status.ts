import { formatProblem } from '../core/problem.ts';
import type { FileStatus, MirrorStatus, Status } from '../core/status.ts';
import { type Headline, headline, levelWords, needsSomebody } from '../core/view/headline.ts';
import {
  byImportance,
  latencyWords,
  recentSummary,
  roleWords,
  type Slice,
  slicesOf,
  standingOf,
  type Weight,
  weightOf,
} from '../core/view/mirrors.ts';
import { dayAndClockOf, spanBetween } from '../core/view/time.ts';
import type { Terminal } from './command.ts';
import { type Colour, paint, printable, table } from './printer.ts';

const levels: Readonly<Record<Headline['level'], readonly [sign: string, colour: Colour]>> = {
  well: ['✓', 'green'],
  watch: ['!', 'yellow'],
  act: ['✕', 'red'],
  idle: ['–', 'grey'],
};

const colours: Readonly<Record<Weight, Colour>> = { good: 'green', harmless: 'yellow', costly: 'red', unknown: 'grey' };

const minutes = 15;
const heights = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/** Quicker mirrors are drawn against this, so that noise does not look like trouble. */
const leastScaleMs = 20;

const signOf = (slice: Slice, top: number): string => {
  switch (slice?.weight) {
    case undefined:
    case 'unknown':
      return ' ';
    case 'costly':
      return '✕';
    case 'harmless':
      return '○';
    case 'good':
      return heights[Math.round(Math.sqrt((slice?.latencyMs ?? 0) / top) * (heights.length - 1))] ?? '█';
  }
};

/** One sign for each of the last 15 minutes: latency by height, `✕` for what stops a pull, `○` for what does not. */
const sparkline = (mirror: MirrorStatus, at: string): string => {
  const all = slicesOf(mirror, at, minutes);
  const top = Math.max(leastScaleMs, ...all.map((slice) => (slice?.weight === 'good' ? slice.latencyMs : 0)));
  return all.map((slice) => signOf(slice, top)).join('');
};

/** What others wrote: one line, and nothing that moves a terminal's cursor. */
const cleaned = (status: Status): Status =>
  JSON.parse(JSON.stringify(status), (_key, value: unknown) =>
    typeof value === 'string' ? printable(value.replace(/\s*[\n\t]\s*/g, ' ')) : value,
  ) as Status;

const mirrorRow = (terminal: Terminal, mirror: MirrorStatus, status: Status): readonly string[] => {
  const weight = weightOf(mirror.verdict);
  const standing = standingOf(mirror, status.gate);
  const { bad } = recentSummary(mirror);
  const seen = [mirror.verdict === 'up' ? '' : mirror.detail, bad === '' ? '' : `(${bad})`].filter((one) => one !== '');
  return [
    mirror.url,
    roleWords[mirror.role],
    String(mirror.port),
    paint(terminal, colours[weight], mirror.verdict),
    standing === 'taken out' ? paint(terminal, 'yellow', standing) : standing === 'watched' ? 'in no file' : standing,
    mirror.verdict === 'up' ? latencyWords(mirror.latencyMs) : '–',
    paint(terminal, colours[weight], sparkline(mirror, status.at)),
    spanBetween(mirror.since, status.at),
    seen.join(' '),
  ];
};

const mirrorTable = (terminal: Terminal, status: Status): string => {
  if (status.mirrors.length === 0) return '';
  const head = ['MIRROR', 'ROLE', 'PORT', 'VERDICT', 'GATE', 'LATENCY', 'LAST 15 MIN', 'FOR', 'SEEN'];
  const gate = status.gate === 'enforce' ? '' : `gate: ${status.gate}, nothing is taken out\n`;
  return `\n${gate}${table([head, ...byImportance(status.mirrors).map((mirror) => mirrorRow(terminal, mirror, status))])}`;
};

const fileRow = (terminal: Terminal, file: FileStatus): readonly string[] => {
  const bad = needsSomebody(file) || file.action === 'refuse';
  const out = (label: string, urls: readonly string[] | undefined): string =>
    urls === undefined || urls.length === 0 ? '' : `; ${label} ${urls.join(', ')}`;
  const deadly = file.deadly === undefined ? '' : `; kills containerd: ${file.deadly}`;
  return [
    file.path,
    file.standIn === undefined ? file.writer : `ours (${file.standIn})`,
    paint(terminal, bad ? 'red' : 'green', file.action),
    `${file.detail}${out('taken out:', file.withdrawn)}${out('would be taken out:', file.wouldWithdraw)}${deadly}`,
  ];
};

const fileTable = (terminal: Terminal, { files }: Status): string =>
  files.length === 0
    ? '\nno files\n'
    : `\n${table([['FILE', 'WRITER', 'NOW', 'WHY'], ...files.map((file) => fileRow(terminal, file))])}`;

const facts = ({ node, spegel, configuration, certsDir }: Status): string =>
  table([
    ['node', [node.name ?? 'unnamed', ...node.addresses].join('  ')],
    ['control plane', node.controlPlane.join(' ') || 'unknown'],
    ['runtime', [node.runtime ?? 'unknown', node.containerdVersion ?? ''].join(' ').trim()],
    ['spegel', `${spegel.mode}  ${spegel.reason}`],
    ['configuration', `${configuration.inForce}  ${configuration.source}  ${configuration.sha256.slice(0, 12)}`],
    ['directory', certsDir],
  ]);

/** One node's status as a person reads it: is it well, what to mend, mirrors, files, what happened last. */
export const printStatus = (terminal: Terminal, given: Status): string => {
  const status = cleaned(given);
  const { level, sentence, remedy } = headline(status);
  const [sign, colour] = levels[level];
  const { phase, since, reason } = status.phase;
  const span =
    phase === 'starting' || since === ''
      ? ''
      : ` for ${spanBetween(since, status.at)}, since ${dayAndClockOf(since)} UTC`;
  const waiting = status.waitingFor === undefined ? '' : `waiting: ${status.waitingFor}\n`;
  const problems = status.problems.map((problem) => `${formatProblem(problem)}\n`).join('');
  const journal = status.journal.slice(-8).toReversed();
  const events = journal.map(({ at, event, path, detail }) => [dayAndClockOf(at), event, path ?? '', detail]);
  return [
    `${paint(terminal, colour, level === 'well' ? sign : `${sign} ${levelWords[level]}:`)} ${paint(terminal, 'bold', sentence)}\n`,
    remedy === undefined ? '' : `${paint(terminal, 'bold', 'what to do:')} ${remedy}\n`,
    `phase ${phase}${span}: ${reason}\n${waiting}`,
    problems === '' ? '' : `\nproblems\n${problems}`,
    mirrorTable(terminal, status),
    fileTable(terminal, status),
    events.length === 0 ? '' : `\nlast events, times in UTC\n${table(events)}`,
    `\n${facts(status)}`,
  ].join('');
};
