import { type Depth, isCostly, type MirrorState } from './verdict.ts';

/** How often mirrors are asked, in milliseconds. */
export type Pace = { readonly interval: number; readonly deepInterval: number; readonly remoteInterval: number };

const changingMs = 1_000;
const suspectedMs = 5_000;

/**
 * When a mirror is to be asked again, before jitter (design.md, the table of roles): this node's ports and Spegel's
 * mirrors every `interval`, each second while their state is changing; the others every `remoteInterval`, sooner and
 * with back-off while they are suspected.
 */
export const pauseBefore = (state: MirrorState, depth: Depth, pace: Pace): number => {
  const series = state[depth];
  const usual = depth === 'deep' ? pace.deepInterval : state.mirror.near ? pace.interval : pace.remoteInterval;
  if (series === undefined) {
    if (depth === 'shallow') return 0;
    return state.shallow?.last.verdict === 'up' ? Math.min(changingMs, usual) : usual;
  }
  const { inARow, costlyInARow, upInARow, last } = series;
  if (state.mirror.near) return inARow < 2 ? Math.min(changingMs, usual) : usual;
  if (isCostly(last.verdict)) return Math.min(suspectedMs * 2 ** Math.min(costlyInARow - 1, 10), usual);
  return upInARow === 1 ? Math.min(suspectedMs, usual) : usual;
};
