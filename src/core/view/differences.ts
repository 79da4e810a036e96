import type { FileDecision } from '../decision.ts';
import { redactText } from '../redact.ts';
import { unifiedDiff } from '../unified-diff.ts';

export type FileDifference = {
  readonly path: string;
  readonly action: string;
  readonly reason: string;
  /** Unified; empty when only mode, owner or lines that are not shown differ. */
  readonly diff: string;
};

const decoder = new TextDecoder();

/** What stands beside what is wanted, credentials redacted. `before` gives the bytes that stand at a path. */
export const differencesOf = (
  files: readonly FileDecision[],
  before: (path: string) => Uint8Array | undefined,
  secrets: readonly string[],
): readonly FileDifference[] => {
  const show = (bytes: Uint8Array | undefined): string => redactText(decoder.decode(bytes), secrets);
  return files.map(({ path, action, reason, bytes }) => {
    const stands = before(path);
    return {
      path,
      action,
      reason,
      diff: unifiedDiff(show(stands), show(bytes), {
        before: stands === undefined ? '/dev/null' : `on disk: ${path}`,
        after: action === 'remove' ? '/dev/null' : `wanted: ${path}`,
      }),
    };
  });
};
