import type { CommandAnswer } from '../requests.ts';
import { actAlone } from './act-alone.ts';
import { ask } from './ask-agent.ts';
import { clusterFlags } from './cluster-flags.ts';
import { type Command, exitCodes, type Terminal } from './command.ts';
import { jsonFlag, nodeFlags, type Values } from './options.ts';
import { json, table } from './printer.ts';

const print = (values: Values, terminal: Terminal, answer: CommandAnswer): number => {
  if (values.on('json')) terminal.out(json(answer));
  else {
    (answer.ok ? terminal.out : terminal.error)(`${answer.message}\n`);
    const files = Array.isArray(answer.data)
      ? (answer.data as readonly { path: string; action: string; detail: string }[])
      : [];
    if (files.length > 0) terminal.out(table(files.map((file) => [file.path, file.action, file.detail])));
  }
  return answer.ok ? exitCodes.done : exitCodes.failed;
};

/** Through the agent when one runs, else under its lock. */
const askOrAct = async (
  values: Values,
  terminal: Terminal,
  command: string,
  args: Readonly<Record<string, string | undefined>> = {},
): Promise<number> => {
  const asked = await ask(values, command, args);
  if (asked.kind === 'answer') return print(values, terminal, asked.answer);
  const done =
    asked.kind === 'no-agent' ? await actAlone(values, { command, args }) : { ok: false, message: asked.message };
  if (!done.ok && !values.on('json')) terminal.error('handspegel: ');
  return print(values, terminal, done);
};

/** `release`: what was there before handspegel is there again. */
export const releaseCommand: Command = {
  name: 'release',
  arguments: '',
  positionals: 0,
  summary: 'give everything back and stop writing, until "resume"',
  details:
    'What was there before handspegel is there again, in _backup/ too. It lasts over restarts; a second call does nothing.',
  example: 'handspegel release',
  flags: [...nodeFlags, ...clusterFlags, jsonFlag],
  run: async (context) =>
    context.values.on('all')
      ? (await import('./release-all.ts')).releaseAll(context)
      : askOrAct(context.values, context.terminal, 'release'),
};

/** `resume`: ends a release. */
export const resumeCommand: Command = {
  name: 'resume',
  arguments: '',
  positionals: 0,
  summary: 'take over again after "release"',
  details: 'A running agent starts afresh within a second.',
  example: 'handspegel resume',
  flags: [...nodeFlags, ...clusterFlags, jsonFlag],
  run: async (context) =>
    context.values.on('all')
      ? (await import('./release-all.ts')).resumeAll(context)
      : askOrAct(context.values, context.terminal, 'resume'),
};

/** `restore`: an earlier version of one file. */
export const restoreCommand: Command = {
  name: 'restore',
  arguments: 'PATH [VERSION]',
  positionals: 2,
  summary: 'put an earlier version of a file back',
  details:
    'Without VERSION the last but one. Where a template points, it holds until the template asks for something else.',
  example: 'handspegel restore _default/hosts.toml 3',
  flags: [...nodeFlags, jsonFlag],
  run: async ({ values, terminal }) => {
    const [path, version] = values.positionals;
    if (path === undefined) {
      terminal.error('handspegel: restore needs a PATH, e.g. _default/hosts.toml\n');
      return exitCodes.usage;
    }
    return askOrAct(values, terminal, 'restore', { path, version });
  },
};
