import type { MirrorRole } from './gate/mirror.ts';
import type { Depth, Verdict } from './gate/verdict.ts';

/** What is counted and cannot be read off a status: each thing as it happens. Label values are bounded where counted. */
export type Telemetry =
  | { readonly kind: 'pass'; readonly durationMs: number }
  | {
      readonly kind: 'write';
      readonly registry: string;
      readonly reason: string;
      readonly result: 'done' | 'moved' | 'failed';
    }
  /** Somebody else changed a hosts.toml: who, by what stands there now; `absent` for a removal. */
  | { readonly kind: 'foreign-write'; readonly registry: string; readonly writer: string }
  | { readonly kind: 'phase'; readonly from: string; readonly to: string; readonly reason: string }
  | {
      readonly kind: 'probe';
      readonly role: MirrorRole;
      readonly depth: Depth;
      readonly verdict: Verdict;
      readonly durationMs: number;
    }
  | { readonly kind: 'render-error'; readonly template: string };

export type Tell = (happened: Telemetry) => void;

export type TelemetryBuffer = {
  readonly tell: Tell;
  /** Everything so far, then everything as it happens. One listener: who counts is loaded late. */
  readonly listen: (listener: Tell) => void;
};

const mostKept = 10_000;

/** Keeps what happened before anybody counts, so that no count is lost. */
export const createTelemetryBuffer = (): TelemetryBuffer => {
  let kept: Telemetry[] = [];
  let listener: Tell | undefined;
  return {
    tell: (happened) => {
      if (listener !== undefined) listener(happened);
      else if (kept.length < mostKept) kept.push(happened);
    },
    listen: (next) => {
      listener = next;
      for (const happened of kept) next(happened);
      kept = [];
    },
  };
};
