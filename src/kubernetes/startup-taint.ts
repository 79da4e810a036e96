import { textOf } from '../core/error-text.ts';
import { pause } from '../pause.ts';
import { type Api, ApiRefusal } from './api-request.ts';

type Taint = { readonly key?: string };
type NodeObject = { readonly spec?: { readonly taints?: readonly Taint[] } };

/**
 * Takes every taint of this key from a node; `false`: there is none. The list is compared while it is changed, so that
 * nobody else's taint is lost.
 * @throws ApiRefusal (409 or 422: somebody changed the list meanwhile), or an error when the API is not reached
 */
const removeTaint = async (api: Api, node: string, key: string): Promise<boolean> => {
  const path = `/api/v1/nodes/${encodeURIComponent(node)}`;
  const { spec } = (await api('GET', path)) as NodeObject;
  const taints = spec?.taints ?? [];
  const left = taints.filter((taint) => taint.key !== key);
  if (left.length === taints.length) return false;
  await api('PATCH', path, [
    { op: 'test', path: '/spec/taints', value: taints },
    left.length === 0 ? { op: 'remove', path: '/spec/taints' } : { op: 'replace', path: '/spec/taints', value: left },
  ]);
  return true;
};

export type TaintOptions = {
  readonly node: string;
  readonly key: string;
  /** Said once for each change: that it is gone, or why not yet. */
  readonly report: (message: string, problem: boolean) => void;
  readonly random?: () => number;
  /** The first pause after a failure, in milliseconds; it doubles up to a minute. */
  readonly pauseMs?: number;
};

const longestPauseMs = 60_000;

/** Tries until the taint is gone or the signal is aborted; never rejects. */
export const takeTaintAway = async (api: Api, options: TaintOptions, signal: AbortSignal): Promise<void> => {
  const { node, key, report, random = Math.random } = options;
  let said = '';
  for (let ms = options.pauseMs ?? 1_000; !signal.aborted; ms = Math.min(ms * 2, longestPauseMs)) {
    try {
      const was = await removeTaint(api, node, key);
      report(was ? `the taint ${key} is taken from node ${node}` : `node ${node} has no taint ${key}`, false);
      return;
    } catch (error) {
      const why = textOf(error);
      const crossed = error instanceof ApiRefusal && (error.status === 409 || error.status === 422);
      if (!crossed && why !== said) report(`the taint ${key} stays on node ${node}, it is tried again: ${why}`, true);
      said = why;
    }
    await pause(ms * (0.5 + random()), signal);
  }
};
