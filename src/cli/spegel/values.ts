import type { Problem } from '../../core/problem.ts';
import { pinnedChart } from '../../core/spegel/chart.ts';
import { chooseSpegel } from '../../core/spegel/choice.ts';
import { printYaml } from '../../core/spegel/print-yaml.ts';
import { asPlainJson } from '../../core/spegel/values.ts';
import { type Command, exitCodes } from '../command.ts';
import { json } from '../printer.ts';
import { spegelFlags } from './flags.ts';
import { hasErrors, readSpegelInput, sayProblems, versionProblems } from './inputs.ts';

/** `spegel values`: what Spegel's chart is to be installed with. */
export const spegelValuesCommand: Command = {
  name: 'spegel values',
  arguments: '',
  positionals: 0,
  summary: "print the values for Spegel's chart",
  details:
    'What makes Spegel agree with the files that the agents write, then helm_values; nulls of a string stay, so that Helm\nunsets. Asks no cluster: nodes to keep out are those of --runtime. Contradictions go to standard error.',
  example: `handspegel spegel values --config config.yaml |\n    helm upgrade --install spegel ${pinnedChart.reference} --version ${pinnedChart.version} --namespace spegel --create-namespace --values -`,
  flags: spegelFlags.filter(({ name }) => name !== 'release' && name !== 'namespace'),
  run: ({ values, terminal }) => {
    const input = readSpegelInput(values, terminal);
    if (input === undefined) return Promise.resolve(exitCodes.failed);
    const { config, hide } = input;
    const choice = chooseSpegel(config, input.nodes);
    const unwanted: readonly Problem[] = choice.wanted
      ? []
      : [
          {
            code: 'spegel-not-wanted',
            severity: 'warning',
            message: `these are values of a Spegel that is not to be installed: ${choice.reason}`,
            hint: 'Do not install with them; `handspegel spegel plan` says what is to be done.',
            ...(config.file === undefined ? {} : { file: config.file }),
          },
        ];
    const problems = [...input.problems, ...choice.problems, ...unwanted, ...versionProblems(input)];
    const chart = input.values(choice.keptOut);
    sayProblems(terminal, problems, hide);
    // Never with half of it wrong: a pipe into helm would go on.
    if (hasErrors(problems)) return Promise.resolve(exitCodes.failed);
    terminal.out(values.on('json') ? json(asPlainJson(chart)) : printYaml(chart));
    return Promise.resolve(exitCodes.done);
  },
};
