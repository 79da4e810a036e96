import { dirname } from 'node:path';
import { defaultSettings } from '../core/config/settings.ts';
import { createClock } from '../io/clock.ts';
import { probeHolder, tryLock } from '../io/lock.ts';
import { createStore } from '../io/store.ts';
import { createNode } from '../node.ts';
import { createProber } from '../prober.ts';
import { createProbes } from '../probes.ts';
import {
  alreadyReleased,
  type CommandAnswer,
  type CommandRequest,
  createReleases,
  handleCommand,
} from '../requests.ts';
import { nodeOptions, stateDirOf, trackAddresses } from './open-node.ts';
import type { Values } from './options.ts';

/** Spegel may be at work for a while. */
const patienceMs = 40_000;

/** Does a request without an agent, as the one writer; when somebody else holds the lock nothing is done. */
export const actAlone = async (values: Values, request: CommandRequest): Promise<CommandAnswer> => {
  const clock = createClock();
  const store = createStore(stateDirOf(values));
  const ending = new AbortController();
  const prober = createProber({
    now: clock.now,
    probe: createProbes({ now: clock.now, timeoutMs: () => 500 }),
    changed: () => {},
    pace: () => defaultSettings.probe,
    random: Math.random,
    signal: ending.signal,
  });
  const options = nodeOptions(values, (await trackAddresses(values)).current);
  const node = createNode(options, { clock, store, prober, event: () => {} });
  const releases = createReleases(node, store, clock);
  releases.look();
  if (request.command === 'resume') {
    ending.abort();
    const was = releases.resume();
    return {
      ok: true,
      message: was ? 'no longer released: the agent takes over when it runs' : 'not released: nothing to do',
    };
  }
  if (request.command === 'release' && releases.isReleased()) {
    ending.abort();
    // Also beside an agent: it serves no requests while it is released.
    return alreadyReleased;
  }
  const parent = dirname(node.certsDir);
  if (!node.ensureParent()) {
    ending.abort();
    return {
      ok: false,
      message: node
        .status()
        .problems.map((problem) => problem.message)
        .join('; '),
    };
  }
  const lock = await tryLock(parent);
  if (lock === undefined) {
    ending.abort();
    const holder = await probeHolder(parent, 1_000);
    const who = holder.state === 'answers' ? `pid ${holder.pid}` : 'a process that does not answer';
    return {
      ok: false,
      message: `another agent (${who}) holds ${parent} and cannot be asked through ${stateDirOf(values)}, so nothing was changed: give its --state-dir, or end it`,
    };
  }
  try {
    node.sweep();
    const deps = { node, store, releases, prober, status: node.status, clock, patienceMs };
    return await handleCommand(request, deps);
  } finally {
    ending.abort();
    await lock.close();
  }
};
