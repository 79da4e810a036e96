import { formatProblem } from '../core/problem.ts';
import type { FileStatus, Status } from '../core/status.ts';
import { ask } from './ask-agent.ts';
import { type Command, exitCodes, type Terminal } from './command.ts';
import { dryRun } from './dry-run.ts';
import { openNode } from './open-node.ts';
import { jsonFlag, nodeFlags } from './options.ts';
import { type Colour, json, paint, table } from './printer.ts';

const phaseColours: Readonly<Record<string, Colour>> = {
  conflict: 'red',
  orphaned: 'yellow',
  withdrawn: 'yellow',
  starting: 'yellow',
};

const fileRow = (terminal: Terminal, file: FileStatus): readonly string[] => {
  const bad = file.action === 'conflict' || file.action === 'refuse';
  return [
    file.path,
    file.standIn === undefined ? file.writer : `ours (${file.standIn})`,
    paint(terminal, bad ? 'red' : 'green', file.action),
    file.detail,
  ];
};

/** One node's status as a person reads it. */
export const printStatus = (terminal: Terminal, status: Status): string => {
  const { phase, node, configuration } = status;
  const head = table([
    ['phase', `${paint(terminal, phaseColours[phase.phase] ?? 'green', phase.phase)}  ${phase.reason}`],
    ['since', phase.since],
    ['node', [node.name ?? 'unnamed', ...node.addresses].join('  ')],
    ['control plane', node.controlPlane.join(' ') || 'unknown'],
    ['runtime', [node.runtime ?? 'unknown', node.containerdVersion ?? ''].join(' ').trim()],
    ['spegel', `${status.spegel.mode}  ${status.spegel.reason}`],
    ['configuration', `${configuration.inForce}  ${configuration.source}  ${configuration.sha256.slice(0, 12)}`],
    ['directory', status.certsDir],
    ...(status.waitingFor === undefined ? [] : [['waiting', status.waitingFor]]),
  ]);
  const files =
    status.files.length === 0
      ? 'no files\n'
      : table([['FILE', 'WRITER', 'NOW', 'WHY'], ...status.files.map((file) => fileRow(terminal, file))]);
  const mirrors =
    status.mirrors.length === 0
      ? ''
      : `\n${table([['MIRROR', 'VERDICT', 'SINCE', 'SEEN'], ...status.mirrors.map((m) => [m.url, m.verdict, m.since, m.detail])])}`;
  const journal = status.journal.slice(-8).map((record) => [record.at, record.event, record.path ?? '', record.detail]);
  const problems = status.problems.map((problem) => `${formatProblem(problem)}\n`).join('');
  const last = journal.length === 0 ? '' : `\nlast events\n${table(journal)}`;
  return `${head}\n${files}${mirrors}${last}${problems === '' ? '' : `\nproblems\n${problems}`}`;
};

/** `status`: this node, from the running agent; without one, from what lies on disk. */
export const statusCommand: Command = {
  name: 'status',
  arguments: '',
  positionals: 0,
  summary: 'show this node: phase, files, mirrors, problems, last events',
  details:
    'Asks the running agent. Without one it says so and shows what lies on disk.\nExit code 1 when no agent runs, or when something is wrong; a released node is 0.',
  example: 'handspegel status',
  flags: [...nodeFlags, jsonFlag],
  run: async ({ values, terminal }) => {
    const asked = await ask(values, 'status');
    if (asked.kind === 'failed') {
      terminal.error(`handspegel: ${asked.message}\n`);
      return exitCodes.failed;
    }
    if (asked.kind === 'answer') {
      const status = asked.answer.data as Status;
      terminal.out(values.on('json') ? json(status) : printStatus(terminal, status));
      const wrong =
        status.phase.phase === 'conflict' || status.problems.some((problem) => problem.severity === 'error');
      return wrong ? exitCodes.failed : exitCodes.done;
    }
    const node = await openNode(values);
    const remembered = node.status();
    // A released agent serves no requests: its file `released` speaks for it.
    if (remembered.phase.phase === 'released') {
      terminal.out(values.on('json') ? json(remembered) : printStatus(terminal, remembered));
      terminal.error('handspegel: released: nothing is written until "handspegel resume"\n');
      return exitCodes.done;
    }
    const { files } = await dryRun(node, undefined);
    const status: Status = { ...node.status(), files: files.map(({ bytes: _, ...file }) => file) };
    terminal.out(values.on('json') ? json({ ...status, agent: 'not running' }) : printStatus(terminal, status));
    terminal.error('handspegel: no agent runs on this node: this is what lies on disk\n');
    return exitCodes.failed;
  },
};
