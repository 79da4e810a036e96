import { formatProblem } from '../core/problem.ts';
import { differencesOf } from '../core/view/differences.ts';
import { type Command, exitCodes, type Terminal } from './command.ts';
import { dryRun, isChange } from './dry-run.ts';
import { openNode } from './open-node.ts';
import { jsonFlag, nodeFlags } from './options.ts';
import { json, paint, printable } from './printer.ts';

const painted = (terminal: Terminal, diff: string): string =>
  printable(diff)
    .split('\n')
    .map((line) => {
      if (line.startsWith('+')) return paint(terminal, 'green', line);
      if (line.startsWith('-')) return paint(terminal, 'red', line);
      return line.startsWith('@@') ? paint(terminal, 'cyan', line) : line;
    })
    .join('\n');

/** `diff`: the lines that would change, as a unified diff. */
export const diffCommand: Command = {
  name: 'diff',
  arguments: '[REGISTRY]',
  positionals: 1,
  summary: 'show the lines that would change, as a unified diff',
  details:
    'Compares what stands with what a pass would write. Credentials are redacted. Exit code 3 when files differ.',
  example: 'handspegel diff --config config.yaml --node-ip 10.0.0.5',
  flags: [...nodeFlags, jsonFlag],
  run: async ({ values, terminal }) => {
    const node = await openNode(values);
    const { pass, files, problems } = await dryRun(node, node.ask);
    const wanted = values.positionals[0];
    const before = (path: string): Uint8Array | undefined => {
      const seen = pass?.base.tree.entries.get(path);
      return seen?.kind === 'file' ? seen.bytes : undefined;
    };
    const changing = files.filter(
      (file) => isChange(file) && (wanted === undefined || file.path.startsWith(`${wanted}/`)),
    );
    const differences = differencesOf(changing, before, node.secrets());
    if (values.on('json')) terminal.out(json({ certsDir: node.certsDir, differences, problems }));
    else {
      for (const one of differences) {
        const same = `${one.path}: ${one.action} (${one.reason}), only mode, owner or hidden lines differ\n`;
        terminal.out(one.diff === '' ? printable(same) : painted(terminal, one.diff));
      }
      for (const problem of problems) terminal.error(`${printable(formatProblem(problem))}\n`);
    }
    if (differences.length > 0) return exitCodes.differences;
    return problems.some((problem) => problem.severity === 'error') ? exitCodes.failed : exitCodes.done;
  },
};
