import { textOf } from '../core/error-text.ts';
import { exitCodes, type Terminal } from './command.ts';
import { commandHelp, findCommand, groupHelp, isGroup, programHelp } from './commands.ts';
import { readOptions, UsageError } from './options.ts';

export type CommandLine = {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly version: string;
};

const isHelp = (word: string): boolean => word === '--help' || word === '-h';

const run = async (line: CommandLine): Promise<number> => {
  const { args, env, terminal, version } = line;
  const [name] = args;
  if (name === '--version' || name === 'version') {
    terminal.out(`handspegel ${version}\n`);
    return exitCodes.done;
  }
  if (name === undefined) {
    terminal.error(await programHelp());
    return exitCodes.usage;
  }
  const words = name === 'help' ? args.slice(1) : args;
  const [wanted] = words;
  if (wanted === undefined || isHelp(wanted)) {
    terminal.out(await programHelp());
    return exitCodes.done;
  }
  const asksHelp = name === 'help' || args.some(isHelp);
  const found = findCommand(words);
  if (found === undefined) {
    const [, second] = words;
    if (!isGroup(wanted)) throw new UsageError(`there is no command '${wanted}'`);
    if (second !== undefined && !second.startsWith('-'))
      throw new UsageError(`there is no command '${wanted} ${second}'`);
    (asksHelp ? terminal.out : terminal.error)(await groupHelp(wanted));
    return asksHelp ? exitCodes.done : exitCodes.usage;
  }
  const command = await found.row.load();
  if (asksHelp) {
    terminal.out(commandHelp(command));
    return exitCodes.done;
  }
  const values = readOptions(found.rest, command.flags, env);
  if (values.positionals.length > command.positionals) {
    throw new UsageError(`'${command.name}' does not take '${values.positionals[command.positionals]}'`);
  }
  const context = {
    values,
    terminal,
    env,
    get signal() {
      return line.signal;
    },
  };
  return command.run(context);
};

/** Runs one command and gives its exit code; never throws. */
export const runCommandLine = async (line: CommandLine): Promise<number> => {
  try {
    return await run(line);
  } catch (error) {
    if (error instanceof UsageError) {
      for (const problem of error.message.split('\n')) line.terminal.error(`handspegel: ${problem}\n`);
      const name = findCommand(line.args)?.row.name;
      line.terminal.error(`Try "handspegel ${name === undefined ? '' : `${name} `}--help".\n`);
      return exitCodes.usage;
    }
    line.terminal.error(`handspegel: ${textOf(error)}\n`);
    if (line.env['HANDSPEGEL_DEBUG'] && error instanceof Error) line.terminal.error(`${error.stack}\n`);
    return exitCodes.failed;
  }
};
