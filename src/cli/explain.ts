import { newerThanModelled, parseContainerdVersion } from '../core/containerd/containerd-version.ts';
import type { Delays, Explanation } from '../core/containerd/explain.ts';
import { explainImage } from '../explain-image.ts';
import { type Command, exitCodes, type Terminal } from './command.ts';
import { containerdVersionOrAll } from './flag-values.ts';
import { openNode } from './open-node.ts';
import { jsonFlag, nodeFlags, UsageError, withValue } from './options.ts';
import { json, paint, table } from './printer.ts';

const seconds = (value: number | 'never'): string =>
  value === 'never' ? 'never ends' : `${Math.round(value * 10) / 10} s`;

const delays = ({ refused, dropped, hung }: Delays): readonly string[] => [
  seconds(refused),
  seconds(dropped),
  seconds(hung),
];

const hostTable = (terminal: Terminal, explanation: Explanation): string =>
  table([
    ['#', 'HOST', 'WHO', 'ASKED FOR', 'REFUSES', 'DROPS PACKETS', 'HANGS'],
    ...explanation.hosts.map((host, index) => [
      String(index + 1),
      `${host.httpsFirst ? 'https, then ' : ''}${host.url}`,
      paint(terminal, host.role === 'foreign' ? 'yellow' : 'cyan', host.role),
      host.asked.join(', ') || 'nothing',
      ...delays(host.delays),
    ]),
  ]);

/** One answer as a person reads it: where the pull goes, and what it can cost. */
const printExplanation = (terminal: Terminal, explanation: Explanation): string => {
  const { image } = explanation;
  const name = `${image.namespace}/${image.repository}${image.tag === undefined ? '' : `:${image.tag}`}${image.digest === undefined ? '' : `@${image.digest}`}`;
  const lines = [
    `image      ${name}\nnamespace  ${image.namespace}\ncontainerd ${explanation.version}\n\n`,
    table([['DIRECTORY', ''], ...explanation.candidates.map((one) => [one.directory, one.says])]),
    '\n',
  ];
  if (explanation.ignored !== undefined) {
    const { reason, line, column } = explanation.ignored;
    lines.push(paint(terminal, 'red', `the file is ignored: line ${line}, column ${column}: ${reason}\n\n`));
  }
  if (explanation.outcome !== 'pulls') {
    const what = explanation.outcome === 'dies' ? 'containerd itself dies' : 'the pull fails';
    lines.push(paint(terminal, 'red', `${what}: ${explanation.error ?? 'without a reason'}\n\n`));
  }
  if (explanation.refused !== undefined) lines.push('`ctr`, which takes the name, would ask:\n');
  if (explanation.hosts.length > 0)
    lines.push(hostTable(terminal, explanation), '\nTimes are the worst case for each blob.\n');
  if (explanation.skipped.length > 0)
    lines.push(`\nplays no part\n${table(explanation.skipped.map((one) => [`  ${one.what}`, one.why]))}`);
  if (explanation.rules.length > 0)
    lines.push(`\nrules of this version\n${table(explanation.rules.map((one) => [`  ${one.rule}`, one.says]))}`);
  return lines.join('');
};

const printVersions = (explanation: Explanation): string =>
  table([
    ['CONTAINERD', 'OUTCOME', 'ASKED IN THIS ORDER'],
    ...explanation.versions.map((one) => [one.version, one.outcome, one.hosts.join('  ')]),
  ]);

/** `explain IMAGE`: which servers this node's containerd asks for an image, in which order, and why. */
export const explainCommand: Command = {
  name: 'explain',
  arguments: 'IMAGE',
  positionals: 1,
  summary: 'show where a pull of an image goes, and why',
  details:
    'Follows containerd from the image to the servers it asks: directories, hosts in order, what each costs when it is\ndead. --containerd-version all shows what every modelled version does. Exit code 1 when the pull would fail.',
  example: 'handspegel explain docker.io/library/nginx:1.29 --containerd-version 2.2.9',
  flags: [...withValue(nodeFlags, 'containerd-version', containerdVersionOrAll), jsonFlag],
  run: async ({ values, terminal }) => {
    const [image] = values.positionals;
    if (image === undefined) throw new UsageError('explain needs an IMAGE, e.g. docker.io/library/nginx');
    const node = await openNode(values);
    const facts = node.facts();
    const asked = values.text('containerd-version');
    const all = asked === 'all';
    const known = parseContainerdVersion(all ? '' : (facts.containerdVersion ?? ''));
    const explanation = explainImage(node, image, known);
    if ('error' in explanation && !('hosts' in explanation)) {
      terminal.error(`handspegel: ${image}: ${explanation.error}\n`);
      return exitCodes.failed;
    }
    if (values.on('json')) terminal.out(json(explanation));
    else if (all) terminal.out(printVersions(explanation));
    else {
      if (known === undefined)
        terminal.error(`containerd's version is not known: shown as ${explanation.version} would do it\n`);
      const newer = newerThanModelled(known);
      if (newer !== undefined) terminal.error(`${newer}\n`);
      terminal.out(printExplanation(terminal, explanation));
    }
    return explanation.outcome === 'pulls' ? exitCodes.done : exitCodes.failed;
  },
};
