import type { Status } from '../core/status.ts';
import { dayAndClockOf } from '../core/view/time.ts';
import { type Asked, ask } from './ask-agent.ts';
import { clusterFlags } from './cluster-flags.ts';
import { type Command, exitCodes, type Terminal } from './command.ts';
import { dryRun } from './dry-run.ts';
import { openNode } from './open-node.ts';
import { type Flag, jsonFlag, nodeFlags } from './options.ts';
import { printStatus } from './print-status.ts';
import { json } from './printer.ts';
import { watch } from './watch.ts';

const watchFlag: Flag = { name: 'watch', kind: 'switch', help: 'show it again each second, until q or ctrl-c' };

/** What is shown while it is followed: the agent's answer, or why there is none above what it said last. */
const createLook = (terminal: Terminal, asJson: boolean, question: () => Promise<Asked>): (() => Promise<string>) => {
  let last: Status | undefined;
  return async () => {
    const asked = await question();
    if (asked.kind === 'answer') last = asked.answer.data as Status;
    const failure = asked.kind === 'failed' ? asked.message : 'no agent runs on this node';
    if (asJson) return `${JSON.stringify(asked.kind === 'answer' ? last : { agent: failure })}\n`;
    const head = last === undefined ? '' : `--- ${last.node.name ?? 'unnamed'}, ${dayAndClockOf(last.at)} UTC\n`;
    const shown = last === undefined ? '' : printStatus(terminal, last);
    if (asked.kind === 'answer') return `${head}${shown}\n`;
    const old = last === undefined ? '' : '; this is what it said last';
    return `handspegel: ${failure}${old}\n${head}${shown}\n`;
  };
};

/** `status`: this node, from the running agent; without one, from what lies on disk. */
export const statusCommand: Command = {
  name: 'status',
  arguments: '',
  positionals: 0,
  summary: 'show this node: is it well, problems, mirrors, files, last events',
  details:
    'Asks the running agent. Without one it says so and shows what lies on disk. With --watch it is\nshown again each second: in place on a terminal, else block after block (with --json a line each).\nExit code 1 when no agent runs, or when something is wrong; a released node is 0.',
  example: 'handspegel status --watch',
  flags: [...nodeFlags, ...clusterFlags, jsonFlag, watchFlag],
  run: async (context) => {
    const { values, terminal, signal } = context;
    if (values.on('all')) return (await import('./release-all.ts')).statusAll(context);
    if (values.on('watch')) {
      const look = createLook(terminal, values.on('json'), () => ask(values, 'status'));
      await watch({ terminal, look }, signal);
      return exitCodes.done;
    }
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
