import type { Command } from './command.ts';
import { type Flag, jsonFlag, variableOf } from './options.ts';

type Row = { readonly name: string; readonly load: () => Promise<Command> };

/** The command table. Each is loaded when it is asked for: a node that boots waits for none of the others. */
export const commands: readonly Row[] = [
  { name: 'run', load: async () => (await import('./run.ts')).runCommand },
  { name: 'render', load: async () => (await import('./render.ts')).renderCommand },
  { name: 'plan', load: async () => (await import('./plan.ts')).planCommand },
  { name: 'diff', load: async () => (await import('./diff.ts')).diffCommand },
  { name: 'explain', load: async () => (await import('./explain.ts')).explainCommand },
  { name: 'lint', load: async () => (await import('./lint.ts')).lintCommand },
  { name: 'doctor', load: async () => (await import('./doctor.ts')).doctorCommand },
  { name: 'user-data', load: async () => (await import('./user-data.ts')).userDataCommand },
  { name: 'status', load: async () => (await import('./status.ts')).statusCommand },
  { name: 'history', load: async () => (await import('./history.ts')).historyCommand },
  { name: 'restore', load: async () => (await import('./release.ts')).restoreCommand },
  { name: 'release', load: async () => (await import('./release.ts')).releaseCommand },
  { name: 'resume', load: async () => (await import('./release.ts')).resumeCommand },
  { name: 'spegel values', load: async () => (await import('./spegel/values.ts')).spegelValuesCommand },
  { name: 'spegel plan', load: async () => (await import('./spegel/plan.ts')).spegelPlanCommand },
  { name: 'spegel apply', load: async () => (await import('./spegel/apply.ts')).spegelApplyCommand },
  { name: 'spegel uninstall', load: async () => (await import('./spegel/uninstall.ts')).spegelUninstallCommand },
  { name: 'spegel manifest', load: async () => (await import('./spegel/manifest.ts')).spegelManifestCommand },
];

/** The command that these words begin with, and the words behind its name. */
export const findCommand = (
  words: readonly string[],
): { readonly row: Row; readonly rest: readonly string[] } | undefined => {
  const row = commands.find(({ name }) => name.split(' ').every((part, at) => words[at] === part));
  return row === undefined ? undefined : { row, rest: words.slice(row.name.split(' ').length) };
};

/** A first word that has commands below it and is none by itself. */
export const isGroup = (word: string): boolean => commands.some(({ name }) => name.startsWith(`${word} `));

const exits = `Exit codes: 0 done or nothing to do, 1 failed, 2 usage, 3 there are differences (plan, diff, spegel plan).
`;

const summaries = async (rows: readonly Row[]): Promise<string> => {
  const all = await Promise.all(rows.map((row) => row.load()));
  const width = Math.max(...all.map((command) => command.name.length));
  return all.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}\n`).join('');
};

/** The help of the whole program. */
export const programHelp = async (): Promise<string> => `Usage: handspegel COMMAND [FLAGS]

Keeps containerd's registry host files right before, during and after Spegel.

Commands:
${await summaries(commands)}
Every flag has a variable: --node-ip is ${variableOf('node-ip')}. "handspegel COMMAND --help" shows the flags.
${exits}`;

/** The help of the commands below one word. */
export const groupHelp = async (word: string): Promise<string> => `Usage: handspegel ${word} COMMAND [FLAGS]

Commands:
${await summaries(commands.filter(({ name }) => name.startsWith(`${word} `)))}
"handspegel ${word} COMMAND --help" shows the flags.
${exits}`;

const flagLine = (flag: Flag, width: number): string => {
  const head = `--${flag.name}${flag.placeholder === undefined ? '' : ` ${flag.placeholder}`}`;
  return `  ${head.padEnd(width)}  ${flag.help}\n`;
};

/** The help of one command, with its example. */
export const commandHelp = (command: Command): string => {
  const flags = command.flags;
  const width = Math.max(...flags.map((flag) => flag.name.length + (flag.placeholder?.length ?? -1) + 3));
  const usage = ['handspegel', command.name, command.arguments, '[FLAGS]'].filter((word) => word !== '').join(' ');
  const variables = flags.some((flag) => flag !== jsonFlag)
    ? `Every flag has a variable: --node-ip is ${variableOf('node-ip')}.\n`
    : '';
  return `Usage: ${usage}

${command.details}

Flags:
${flags.map((flag) => flagLine(flag, width)).join('')}
Example:
  ${command.example}

${variables}${exits}`;
};
