import { chooseSpegel } from '../../core/spegel/choice.ts';
import { type ManifestKind, manifestKinds, spegelManifest } from '../../core/spegel/manifest.ts';
import { agentVersion } from '../../version.ts';
import { type Command, exitCodes } from '../command.ts';
import { objectName, oneOf } from '../flag-values.ts';
import { UsageError, type Values } from '../options.ts';
import { spegelFlags } from './flags.ts';
import { hasErrors, readSpegelInput, sayProblems, versionProblems } from './inputs.ts';

const kindOf = (values: Values): ManifestKind => {
  const text = values.text('for');
  const kind = manifestKinds.find((one) => one === text);
  if (kind !== undefined) return kind;
  throw new UsageError(`--for is needed: ${oneOf(manifestKinds).takes}`);
};

/** `spegel manifest`: for those who let a tool install. */
export const spegelManifestCommand: Command = {
  name: 'spegel manifest',
  arguments: '',
  positionals: 0,
  summary: "print Spegel's installation for Argo CD, Flux or helmfile",
  details:
    'An Application of Argo CD, a HelmRelease of Flux with its source, or a helmfile; comments alone when Spegel is not to be\ninstalled. The values are those of "spegel values", nulls included. Asks no cluster.',
  example: 'handspegel spegel manifest --for flux --config config.yaml > spegel.yaml',
  flags: [
    { name: 'for', kind: 'text', placeholder: 'TOOL', help: 'argocd, flux or helmfile', value: oneOf(manifestKinds) },
    {
      name: 'tool-namespace',
      kind: 'text',
      placeholder: 'NAME',
      help: "where the tool's objects go (default argocd, flux-system)",
      value: objectName,
    },
    ...spegelFlags.filter(({ name }) => name !== 'json'),
  ],
  run: ({ values, terminal }) => {
    const kind = kindOf(values);
    const input = readSpegelInput(values, terminal);
    if (input === undefined) return Promise.resolve(exitCodes.failed);
    const { config, chart, version, where, hide } = input;
    const choice = chooseSpegel(config, input.nodes);
    const problems = [...input.problems, ...choice.problems, ...(choice.wanted ? versionProblems(input) : [])];
    sayProblems(terminal, problems, hide);
    if (hasErrors(problems)) return Promise.resolve(exitCodes.failed);
    const says = choice.wanted ? 'Spegel' : 'No Spegel';
    terminal.out(
      spegelManifest(kind, {
        chart,
        version,
        ...where,
        toolNamespace: values.text('tool-namespace'),
        values: input.values(choice.keptOut),
        wanted: choice.wanted,
        comment: `${says}: ${choice.reason}. Made by handspegel ${agentVersion}.`,
      }),
    );
    return Promise.resolve(exitCodes.done);
  },
};
