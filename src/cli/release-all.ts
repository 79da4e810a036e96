import { setTimeout } from 'node:timers/promises';
import { parseDuration } from '../core/config/settings-duration.ts';
import { textOf } from '../core/error-text.ts';
import { type AgentAnswer, type AgentPod, askAgent, listAgents } from '../kubernetes/agents.ts';
import { ApiRefusal, createApi } from '../kubernetes/api-request.ts';
import { askForRelease, takeReleaseBack } from '../kubernetes/release-config-map.ts';
import { type CommandContext, exitCodes } from './command.ts';
import type { Values } from './options.ts';
import { json, table } from './printer.ts';

type Seen = { readonly pod: AgentPod; readonly answer: AgentAnswer };

const lookEveryMs = 1_000;
const atOnce = 50;

const whereOf = (values: Values) => {
  const timeoutMs = parseDuration(values.text('timeout') ?? '') ?? 240_000;
  return {
    namespace: values.text('namespace') ?? 'handspegel',
    name: values.text('configmap') ?? 'handspegel',
    selector: values.text('selector') ?? 'app.kubernetes.io/name=handspegel,app.kubernetes.io/component=agent',
    timeoutMs,
    api: createApi(values.text('api-server')),
  };
};

type Where = ReturnType<typeof whereOf>;

/** The network, or the API server's own trouble; a refusal of ours does not get better. */
const isPassing = (error: unknown): boolean =>
  error instanceof ApiRefusal
    ? error.status >= 500 || error.status === 429
    : error instanceof Error && ('code' in error || error.message.startsWith('no answer'));

/** A request is made again until the time is over, except when the API server itself refuses it. */
const patiently = async <T>(act: () => Promise<T>, until: number, { signal, terminal }: CommandContext): Promise<T> => {
  for (let said = ''; ; ) {
    try {
      return await act();
    } catch (error) {
      if (!isPassing(error) || performance.now() > until || signal.aborted) throw error;
      const text = textOf(error);
      if (text !== said) terminal.error(`handspegel: ${text}; trying again\n`);
      said = text;
    }
    await setTimeout(lookEveryMs, undefined, { signal });
  }
};

const askAll = async (pods: readonly AgentPod[], signal: AbortSignal): Promise<readonly Seen[]> => {
  const seen: Seen[] = [];
  for (let first = 0; first < pods.length; first += atOnce) {
    const some = pods.slice(first, first + atOnce);
    seen.push(...(await Promise.all(some.map(async (pod) => ({ pod, answer: await askAgent(pod, signal) })))));
  }
  return seen;
};

/** Looks at all agents until each is as wanted; gives those that are not when the time is over. */
const waitForAll = async (
  where: Where,
  isDone: (answer: NonNullable<AgentAnswer>) => boolean,
  context: CommandContext,
): Promise<{ readonly all: readonly Seen[]; readonly open: readonly Seen[]; readonly left: readonly Seen[] }> => {
  const { signal, terminal, values } = context;
  const until = performance.now() + where.timeoutMs;
  const done = new Map<string, Seen>();
  let said = '';
  for (;;) {
    const pods = await patiently(() => listAgents(where.api, where.namespace, where.selector), until, context);
    const asked = await askAll(
      pods.filter(({ uid, nodeState }) => !done.has(uid) && nodeState !== 'gone'),
      signal,
    );
    for (const seen of asked) if (seen.answer !== undefined && isDone(seen.answer)) done.set(seen.pod.uid, seen);
    const rest = asked.filter(({ pod }) => !done.has(pod.uid));
    const left = rest.filter(({ pod, answer }) => pod.nodeState === 'silent' && answer === undefined);
    const open = rest.filter((seen) => !left.includes(seen));
    const all = [...pods.flatMap(({ uid }) => done.get(uid) ?? []), ...rest];
    if (open.length === 0 || performance.now() > until || signal.aborted) return { all, open, left };
    const progress = `${done.size} of ${done.size + open.length} nodes; waiting for ${namesOf(open)}\n`;
    if (progress !== said && !values.on('json')) terminal.out(progress);
    said = progress;
    await setTimeout(lookEveryMs, undefined, { signal });
  }
};

const stateOf = ({ answer }: Seen): string => (answer === undefined ? 'no answer' : (answer.phase ?? 'no phase'));

const mostNames = 10;
const namesOf = (seen: readonly Seen[]): string => {
  const names = seen.slice(0, mostNames).map((one) => `${one.pod.node} (${stateOf(one)})`);
  return names.join(', ') + (seen.length > mostNames ? ` and ${seen.length - mostNames} more` : '');
};

const rowsOf = (seen: readonly Seen[]) =>
  seen
    .map((one) => ({ node: one.pod.node, pod: one.pod.pod, phase: stateOf(one), ready: one.answer?.ready ?? false }))
    .toSorted((a, b) => a.node.localeCompare(b.node));

const sayLeft = ({ terminal }: CommandContext, left: readonly Seen[]): void => {
  if (left.length === 0) return;
  terminal.error(`handspegel: not waited for, since their kubelets are not heard of: ${namesOf(left)}\n`);
};

/** As it should be where no node is meant to have one; by hand, most likely the wrong words. */
const sayNone = ({ terminal }: CommandContext, { namespace, selector }: Where): void =>
  terminal.error(`handspegel: no agents in namespace ${namespace} with ${selector}: see --namespace and --selector\n`);

/** `release --all`: asks all nodes by the ConfigMap's field, and waits until each agent says so. */
export const releaseAll = async (context: CommandContext): Promise<number> => {
  const { values, terminal } = context;
  const where = whereOf(values);
  const { namespace, name } = where;
  const asked = await patiently(() => askForRelease(where.api, where), performance.now() + where.timeoutMs, context);
  if (!values.on('json')) {
    terminal.out(
      `configmap ${namespace}/${name}: ${asked ? 'release: true is set' : 'release: true was set already'}\n`,
    );
  }
  const { all, open, left } = await waitForAll(where, ({ phase }) => phase === 'released', context);
  if (values.on('json')) terminal.out(json(rowsOf(all)));
  sayLeft(context, left);
  if (all.length === 0) sayNone(context, where);
  if (open.length === 0) {
    if (!values.on('json')) terminal.out(`released: ${all.length - left.length} nodes have what was there before\n`);
    return exitCodes.done;
  }
  terminal.error(
    `handspegel: after ${where.timeoutMs / 1000} s these nodes have not given everything back: ${namesOf(open)}
What to do: look at them (kubectl -n ${namespace} logs POD), then try again; or leave them as they are with "helm uninstall --no-hooks".
"handspegel resume --all" takes the request back.
`,
  );
  return exitCodes.failed;
};

/** `resume --all`: takes the request out of the ConfigMap; agents that run take over again. */
export const resumeAll = async (context: CommandContext): Promise<number> => {
  const { values, terminal } = context;
  const where = whereOf(values);
  const { namespace, name } = where;
  try {
    const changed = await patiently(
      () => takeReleaseBack(where.api, where),
      performance.now() + where.timeoutMs,
      context,
    );
    terminal.out(`configmap ${namespace}/${name}: ${changed ? 'release is taken out' : 'nothing to do'}\n`);
  } catch (error) {
    if (!(error instanceof ApiRefusal) || error.status !== 404) throw error;
    terminal.out(`configmap ${namespace}/${name} does not exist: nothing to do\n`);
  }
  return exitCodes.done;
};

/** `status --all`: phase and readiness of each node's agent; 1 unless all are ready within --timeout. */
export const statusAll = async (context: CommandContext): Promise<number> => {
  const { values, terminal } = context;
  const where = whereOf(values);
  const { all, open, left } = await waitForAll(where, ({ ready }) => ready, context);
  const rows = rowsOf(all);
  terminal.out(
    values.on('json')
      ? json(rows)
      : table([
          ['NODE', 'PHASE', 'READY', 'POD'],
          ...rows.map(({ node, phase, ready, pod }) => [node, phase, ready ? 'yes' : 'no', pod]),
        ]),
  );
  sayLeft(context, left);
  if (all.length === 0) sayNone(context, where);
  return open.length === 0 && all.length > 0 ? exitCodes.done : exitCodes.failed;
};
