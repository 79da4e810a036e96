import type { FileDecision } from '../core/decision.ts';
import { formatProblem } from '../core/problem.ts';
import { fileStatus } from '../core/status.ts';
import { type Command, exitCodes, type Terminal } from './command.ts';
import { dryRun, isChange } from './dry-run.ts';
import { openNode } from './open-node.ts';
import { jsonFlag, nodeFlags } from './options.ts';
import { type Colour, json, paint, printable, table } from './printer.ts';

const colourOf = (file: FileDecision): Colour => {
  if (file.action === 'conflict' || file.action === 'refuse') return 'red';
  return isChange(file) ? 'yellow' : 'green';
};

const rows = (terminal: Terminal, files: readonly FileDecision[]): readonly (readonly string[])[] => [
  ['FILE', 'NOW', 'DECISION', 'REASON', 'WHY'].map((title) => paint(terminal, 'bold', title)),
  ...files.map((file) => [
    printable(file.path),
    file.writer,
    paint(terminal, colourOf(file), file.action),
    file.reason,
    printable(file.detail),
  ]),
];

/** `plan`: each file, what would be done about it and why. */
export const planCommand: Command = {
  name: 'plan',
  arguments: '',
  positionals: 0,
  summary: 'show what would be done about each file, and why',
  details: 'A dry run of one pass. Writes nothing and needs no root. Exit code 3 when something would be changed.',
  example: 'handspegel plan --config config.yaml --node-ip 10.0.0.5',
  flags: [...nodeFlags, jsonFlag],
  run: async ({ values, terminal }) => {
    const node = await openNode(values);
    const { pass, files, problems, waitingFor } = await dryRun(node, node.ask);
    const changes = files.filter(isChange).length;
    const failed = problems.some((problem) => problem.severity === 'error');
    if (values.on('json')) {
      terminal.out(
        json({
          certsDir: node.certsDir,
          phase: pass?.plan.phase,
          waitingFor,
          changes,
          files: files.map(fileStatus),
          problems,
        }),
      );
    } else {
      if (files.length > 0) terminal.out(table(rows(terminal, files)));
      if (pass !== undefined) terminal.out(`\nphase ${pass.plan.phase.phase}: ${pass.plan.phase.reason}\n`);
      if (waitingFor !== undefined) terminal.out(`nothing is written now: ${waitingFor}\n`);
      terminal.out(changes === 0 ? 'nothing to do\n' : `${changes} file${changes === 1 ? '' : 's'} would change\n`);
      for (const problem of problems) terminal.error(`${printable(formatProblem(problem))}\n`);
    }
    if (changes > 0) return exitCodes.differences;
    return failed ? exitCodes.failed : exitCodes.done;
  },
};
