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
];

const exits = `Exit codes: 0 done or nothing to do, 1 failed, 2 usage, 3 there are differences (plan, diff).
`;

/** The help of the whole program. */
export const programHelp = async (): Promise<string> => {
  const all = await Promise.all(commands.map((row) => row.load()));
  const width = Math.max(...all.map((command) => command.name.length));
  const lines = all.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}\n`).join('');
  return `Usage: handspegel COMMAND [FLAGS]

Keeps containerd's registry host files right before, during and after Spegel.

Commands:
${lines}
Every flag has a variable: --node-ip is ${variableOf('node-ip')}. "handspegel COMMAND --help" shows the flags.
${exits}`;
};

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
