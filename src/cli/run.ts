import { runAgent } from '../agent.ts';
import type { Listen } from '../core/config/settings-listen.ts';
import { createClock } from '../io/clock.ts';
import { configStamp } from '../io/config-source.ts';
import { acquireLock } from '../io/lock.ts';
import { createLog, logLevels } from '../io/log.ts';
import { createStore } from '../io/store.ts';
import { createProbes } from '../probes.ts';
import { type Command, exitCodes } from './command.ts';
import { nodeOptions, stateDirOf, trackAddresses } from './open-node.ts';
import { nodeFlags, runFlags, UsageError } from './options.ts';

const readListen = (text: string | undefined, flag: string): Listen | undefined => {
  if (text === undefined) return undefined;
  const match = /^(?:(.*):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port > 65_535) throw new UsageError(`--${flag} takes ADDR:PORT, not '${text}'`);
  const host = match[1] === undefined || match[1] === '' ? undefined : match[1].replace(/^\[|\]$/g, '');
  return { host, port };
};

/** `run`: the agent. */
export const runCommand: Command = {
  name: 'run',
  arguments: '',
  positionals: 0,
  summary: 'run the agent: keep the files right until stopped',
  details:
    'Writes the files of the configuration, hands over to Spegel, takes back, and serves /livez and /readyz.\nSIGTERM stops it within a second; the files stay.',
  example: 'handspegel run --config /etc/handspegel --node-ip 10.0.0.5 --control-plane 10.0.0.1,10.0.0.2',
  flags: [...nodeFlags, ...runFlags],
  run: async ({ values, signal }) => {
    const listen = readListen(values.text('listen'), 'listen');
    const adminListen = readListen(values.text('admin-listen'), 'admin-listen');
    const clock = createClock();
    const stateDir = stateDirOf(values);
    const word = values.text('log-level') ?? 'info';
    const level = logLevels.find((known) => known === word);
    if (level === undefined) throw new UsageError(`--log-level takes ${logLevels.join(', ')}, not '${word}'`);
    const log = createLog({ level });
    const configPath = values.text('config');
    const tracker = await trackAddresses(values);
    const options = nodeOptions(values, tracker.current);
    const running = runAgent(
      {
        ...options,
        refreshAddresses: tracker.refresh,
        mountStamp: () => configStamp(configPath),
        configPath,
        listen,
        adminListen,
      },
      {
        clock,
        store: createStore(stateDir),
        log,
        probes: (timeoutMs, held) => createProbes({ now: clock.now, timeoutMs, held }),
        acquireLock: (parent, onWaiting, stop) => acquireLock({ parent, onWaiting, signal: stop }),
        loadObservers: async () => {
          await log.start();
          return (await import('../observers.ts')).observers(stateDir);
        },
      },
      signal,
    );
    await running.finally(log.flush);
    return exitCodes.done;
  },
};
