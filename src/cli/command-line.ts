import { exitCodes, type Terminal } from './command.ts';
import { commandHelp, commands, programHelp } from './commands.ts';
import { readOptions, UsageError } from './options.ts';

export type CommandLine = {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly version: string;
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const run = async ({ args: [name, ...args], env, terminal, signal, version }: CommandLine): Promise<number> => {
  if (name === '--version' || name === 'version') {
    terminal.out(`handspegel ${version}\n`);
    return exitCodes.done;
  }
  if (name === undefined) {
    terminal.error(await programHelp());
    return exitCodes.usage;
  }
  const wanted = name === 'help' ? args[0] : name;
  if (wanted === undefined || wanted === '--help' || wanted === '-h') {
    terminal.out(await programHelp());
    return exitCodes.done;
  }
  const row = commands.find((known) => known.name === wanted);
  if (row === undefined) throw new UsageError(`there is no command '${wanted}'`);
  const command = await row.load();
  if (name === 'help' || args.includes('--help') || args.includes('-h')) {
    terminal.out(commandHelp(command));
    return exitCodes.done;
  }
  const values = readOptions(args, command.flags, env);
  if (values.positionals.length > command.positionals) {
    throw new UsageError(`'${command.name}' does not take '${values.positionals[command.positionals]}'`);
  }
  return command.run({ values, terminal, signal });
};

/** Runs one command and gives its exit code; never throws. */
export const runCommandLine = async (line: CommandLine): Promise<number> => {
  try {
    return await run(line);
  } catch (error) {
    line.terminal.error(`handspegel: ${messageOf(error)}\n`);
    if (error instanceof UsageError) {
      line.terminal.error('Try "handspegel --help".\n');
      return exitCodes.usage;
    }
    if (line.env['HANDSPEGEL_DEBUG'] && error instanceof Error) line.terminal.error(`${error.stack}\n`);
    return exitCodes.failed;
  }
};
