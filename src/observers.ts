import { join } from 'node:path';
import type { HttpState, Observers } from './agent.ts';
import { addAdmin } from './http/admin.ts';
import { addHealth, addMetrics } from './http/health.ts';
import { keepListening } from './http/listen.ts';
import { createMetrics } from './http/metrics.ts';
import { addPage } from './http/page/add-page.ts';
import { buildServer, localNames } from './http/server.ts';
import { serveAgentSocket } from './io/agent-socket.ts';
import { preferMemory } from './io/engine.ts';
import { watchFiles } from './io/watch-files.ts';
import { pause } from './pause.ts';
import type { CommandRequest } from './requests.ts';

/** Whoever asks for readiness has the answer by then. */
const answeredMs = 50;

const serveHttp = async (state: HttpState, loadLog: () => Promise<void>, signal: AbortSignal): Promise<void> => {
  const metrics = createMetrics({ status: state.status, listen: state.telemetry, now: state.now });
  // Readiness first: kubelet and Prometheus wait for it, and what the local listener compiles takes as long again.
  const tried = Promise.withResolvers<void>();
  const allTried = Promise.withResolvers<void>();
  const publicListener = keepListening(
    {
      build: () =>
        buildServer((server) => {
          addHealth(server, state);
          addMetrics(server, metrics);
        }),
      address: () => {
        const { host, port } = state.listen();
        const where = host ?? state.nodeAddress();
        return where === undefined ? undefined : { host: where, port };
      },
      report: state.report,
      changed: state.follow(),
      tried: tried.resolve,
    },
    signal,
  );
  await tried.promise;
  await pause(answeredMs, signal);
  const adminListener = keepListening(
    {
      build: () =>
        buildServer(
          (server) => {
            addHealth(server, state);
            addAdmin(server, state);
            addPage(server, state);
          },
          { hosts: localNames(state.adminListen().host ?? '127.0.0.1') },
        ),
      address: () => {
        const { host, port } = state.adminListen();
        return { host: host ?? '127.0.0.1', port };
      },
      report: state.report,
      changed: state.follow(),
      tried: allTried.resolve,
    },
    signal,
  );
  await allTried.promise;
  if (!signal.aborted) {
    await loadLog();
    preferMemory();
  }
  await Promise.all([publicListener, adminListener]);
};

/** What is loaded after the first file has been written: watcher, sockets, HTTP, and last what `loadLog` loads. */
export const observers = (stateDir: string, loadLog: () => Promise<void>): Observers => ({
  serveHttp: (state, signal) => serveHttp(state, loadLog, signal),
  serveCommands: (handle, report, passed, signal) =>
    serveAgentSocket({
      path: join(stateDir, 'agent.sock'),
      handle: (request: CommandRequest) => handle(request),
      report,
      pause: passed,
      signal,
    }),
  watchFiles: ({ certsDir, configPath }, wake, report, signal) =>
    watchFiles({ certsDir, wake, report, signal, ...(configPath === undefined ? {} : { configPath }) }),
});
