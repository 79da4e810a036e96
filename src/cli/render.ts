import { formatProblem, type Problem } from '../core/problem.ts';
import { redactProblem, redactText } from '../core/redact.ts';
import { inputProblems } from '../inputs.ts';
import { type Command, exitCodes } from './command.ts';
import { openNode } from './open-node.ts';
import { jsonFlag, nodeFlags } from './options.ts';
import { json, paint, printable } from './printer.ts';

const hasErrors = (problems: readonly Problem[]): boolean => problems.some((problem) => problem.severity === 'error');

/** `render`: what templates and facts ask for, whatever stands on disk. */
export const renderCommand: Command = {
  name: 'render',
  arguments: '[REGISTRY]',
  positionals: 1,
  summary: 'print the files that would be written for these facts',
  details:
    'Renders every template for the given facts and prints the files without our marker line. Writes nothing and needs no\nroot. Values of mounted Secrets are redacted.',
  example: 'handspegel render --config config.yaml --node-ip 10.0.0.5 --control-plane 10.0.0.1',
  flags: [...nodeFlags, jsonFlag],
  run: async ({ values, terminal }) => {
    const node = await openNode(values);
    const facts = node.facts();
    const desired = node.configuration.desired(facts);
    const secrets = node.secrets();
    const unseen = [...(desired?.units.values() ?? [])].flatMap((unit) => unit.beside ?? []);
    const found = [...inputProblems(node.configuration.choice(), desired), ...unseen];
    const problems = found.map((problem) => redactProblem(problem, secrets));
    const wanted = values.positionals[0];
    const units = [...(desired?.units.values() ?? [])].filter(
      (unit) => wanted === undefined || unit.registry === wanted,
    );
    const files = units.flatMap((unit) =>
      unit.files.map((file) => ({
        path: `${unit.registry}/${file.name}`,
        policy: unit.policy,
        source: file.source,
        mode: file.mode.toString(8).padStart(4, '0'),
        content: redactText(new TextDecoder().decode(file.bytes), secrets),
        broken: hasErrors(unit.problems),
      })),
    );
    if (values.on('json')) {
      terminal.out(json({ certsDir: node.certsDir, spegel: desired?.spegel ?? 'unknown', files, problems }));
    } else {
      for (const file of files) {
        const size = file.content === '' ? ', 0 bytes' : '';
        terminal.out(
          paint(
            terminal,
            'cyan',
            `# ${printable(`${file.path}  (${file.source}`)}, ${file.policy}, ${file.mode}${size})\n`,
          ),
        );
        if (file.content !== '') terminal.out(`${printable(file.content).replace(/\n?$/, '\n')}\n`);
      }
      if (files.length === 0) terminal.out('no file is generated\n');
      for (const problem of problems) terminal.error(`${printable(formatProblem(problem))}\n`);
    }
    return hasErrors(problems) ? exitCodes.failed : exitCodes.done;
  },
};
