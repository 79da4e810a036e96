import { readFileSync } from 'node:fs';
import { chooseMounted } from '../core/config/config-choice.ts';
import { chooseCertsDir } from '../core/config/settings-certs-dir.ts';
import { textOf } from '../core/error-text.ts';
import { formatProblem, type Problem } from '../core/problem.ts';
import { redactText } from '../core/redact.ts';
import { bootScript } from '../core/user-data/boot-script.ts';
import { formatUserData, type UserDataFormat, userDataFormats } from '../core/user-data/formats.ts';
import { planBoot } from '../core/user-data/plan-boot.ts';
import { readConfigSource } from '../io/config-source.ts';
import { createTools } from '../tools.ts';
import { agentVersion } from '../version.ts';
import { type Command, exitCodes } from './command.ts';
import { oneOf } from './flag-values.ts';
import { givenFacts, stateDirOf } from './open-node.ts';
import { type Flag, nodeFlags, onNode, UsageError, type Values } from './options.ts';
import { printable } from './printer.ts';

const used = ['config', 'control-plane', 'certs-dir', 'state-dir', 'runtime', 'containerd-version'];

const flags: readonly Flag[] = [
  {
    name: 'format',
    kind: 'text',
    placeholder: 'FORMAT',
    help: `${userDataFormats.join(', ')}`,
    value: oneOf(userDataFormats),
  },
  ...onNode(nodeFlags.filter(({ name }) => used.includes(name))),
  { name: 'probe', kind: 'switch', help: 'the node asks each mirror for 500 ms and leaves silent ones out' },
  {
    name: 'node-config',
    kind: 'text',
    placeholder: 'FILE',
    help: 'nodeadm: a NodeConfig of EKS that goes into the same document',
  },
];

const formatOf = (values: Values): UserDataFormat => {
  const wanted = values.text('format');
  const format = userDataFormats.find((known) => known === wanted);
  if (format === undefined) throw new UsageError(`--format is needed: ${oneOf(userDataFormats).takes}`);
  return format;
};

const nodeConfigOf = (values: Values, format: UserDataFormat): string | undefined => {
  const file = values.text('node-config');
  if (file === undefined) return undefined;
  if (format !== 'nodeadm') throw new UsageError('--node-config goes with --format nodeadm alone');
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`--node-config ${file} cannot be read: ${textOf(error)}`, { cause: error });
  }
};

/** Nothing there has a shell. */
const withoutShell = (certsDir: string): readonly Problem[] =>
  certsDir === '/etc/cri/conf.d/hosts'
    ? [
        {
          code: 'user-data-no-shell',
          severity: 'warning',
          message: 'Talos runs no script at boot: its machine configuration names mirrors itself',
          hint: 'Put them under machine.registries.mirrors there; `handspegel render` shows the files.',
        },
      ]
    : [];

const withoutNodeConfig = (format: UserDataFormat, nodeConfig: string | undefined): readonly Problem[] =>
  format === 'nodeadm' && nodeConfig === undefined
    ? [
        {
          code: 'user-data-no-node-config',
          severity: 'warning',
          message: 'there is no NodeConfig in it: nodeadm refuses user data without one',
          hint: 'Managed node groups and Karpenter add theirs; else give one with --node-config.',
        },
      ]
    : [];

/** `user-data`: what a node needs at its first boot, before kubelet and the agent. */
export const userDataCommand: Command = {
  name: 'user-data',
  arguments: '--format FORMAT',
  positionals: 0,
  summary: 'print what a node needs at first boot, so that its first pull uses the mirrors',
  details:
    'Prints a script that writes the bootstrap hosts.toml files before kubelet pulls anything: with the addresses of the\ncontrol plane given here and those of the node as they are at boot. Needs no image and no network; runs at each boot\nand never replaces the file of anybody else. The agent later takes the files over as they are. What depends on facts\nthat only the agent knows (labels, name, Secrets) is left to it and named on stderr.',
  example: 'handspegel user-data --format cloud-init --config config.yaml --control-plane 10.0.0.1',
  flags,
  run: ({ values, terminal }) => {
    const format = formatOf(values);
    const nodeConfig = nodeConfigOf(values, format);
    const path = values.text('config');
    const given = givenFacts(values);
    const { config, problems } = chooseMounted(path === undefined ? undefined : readConfigSource(path), undefined);
    const say = (found: readonly Problem[]): void => {
      for (const problem of found) terminal.error(`${printable(redactText(formatProblem(problem)))}\n`);
    };
    const failed = problems.some(({ severity }) => severity === 'error');
    say(problems.filter(({ severity }) => severity !== 'info'));
    if (config === undefined || failed) return Promise.resolve(exitCodes.failed);
    const place = chooseCertsDir({
      flag: values.text('certs-dir'),
      preset: config.settings.certsDir.preset,
      helmValues: config.chart.containerdRegistryConfigPath,
    });
    const plan = planBoot({
      config,
      facts: given,
      tools: createTools({ agentVersion, object: () => undefined }),
      version: agentVersion,
      certsDir: place.path,
      stateDir: stateDirOf(values),
      probe: values.on('probe'),
    });
    say([
      ...place.problems,
      ...withoutShell(place.path),
      ...withoutNodeConfig(format, nodeConfig),
      ...plan.problems.filter(({ severity, code }) => severity !== 'info' || code === 'containerd-version-newer'),
    ]);
    terminal.out(formatUserData(format, { script: bootScript(plan), version: agentVersion, nodeConfig }));
    return Promise.resolve(exitCodes.done);
  },
};
