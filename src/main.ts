#!/usr/bin/env node
import { exitCodes } from './cli/command.ts';
import { commandHelp, commands, programHelp } from './cli/commands.ts';
import { readOptions, UsageError } from './cli/options.ts';
import { agentVersion } from './version.ts';

const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());

const out = (text: string): void => void process.stdout.write(text);
const error = (text: string): void => void process.stderr.write(text);
// `handspegel history | head` closes the pipe early: nothing is wrong.
process.stdout.on('error', (problem: NodeJS.ErrnoException) => {
  if (problem.code !== 'EPIPE') throw problem;
});

const isPerson = process.stdout.isTTY === true && !process.env['NO_COLOR'];

const main = async (): Promise<number> => {
  const [name, ...args] = process.argv.slice(2);
  if (name === '--version' || name === 'version') {
    out(`handspegel ${agentVersion}\n`);
    return exitCodes.done;
  }
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    (name === undefined ? error : out)(await programHelp());
    return name === undefined ? exitCodes.usage : exitCodes.done;
  }
  const row = commands.find((known) => known.name === name);
  if (row === undefined) throw new UsageError(`there is no command '${name}'`);
  const command = await row.load();
  if (args.includes('--help') || args.includes('-h')) {
    out(commandHelp(command));
    return exitCodes.done;
  }
  const values = readOptions(args, command.flags, process.env);
  return command.run({ values, terminal: { out, error, colour: isPerson }, signal: stop.signal });
};

try {
  process.exitCode = await main();
} catch (problem) {
  if (problem instanceof UsageError) {
    error(`handspegel: ${problem.message}\nTry "handspegel --help".\n`);
    process.exitCode = exitCodes.usage;
  } else {
    const message = problem instanceof Error ? problem.message : String(problem);
    error(`handspegel: ${message}\n`);
    if (process.env['HANDSPEGEL_DEBUG'] && problem instanceof Error) error(`${problem.stack}\n`);
    process.exitCode = exitCodes.failed;
  }
}
