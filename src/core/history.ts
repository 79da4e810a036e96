import type { Ledger, Version } from './ledger.ts';
import type { Kept } from './originals.ts';
import type { Survey } from './survey.ts';
import type { Tools } from './tools.ts';
import type { Tree } from './tree.ts';

const versionsKept = 20;

/** The last 20 versions of each hosts.toml, as settled looks saw them, by whoever wrote them (design.md, Ledger). */
export const recordVersions = (
  ledger: Ledger,
  look: { readonly tree: Tree; readonly survey: Survey; readonly at: number; readonly tools: Tools },
): Kept => {
  const objects = new Map<string, Uint8Array>();
  const added: Record<string, readonly Version[]> = {};
  for (const [path, owned] of look.survey) {
    const seen = look.tree.entries.get(path);
    if (seen?.kind !== 'file' || !path.endsWith('.toml')) continue;
    const sha256 = look.tools.sha256(seen.bytes);
    const versions = ledger.history[path] ?? [];
    objects.set(sha256, seen.bytes);
    if (versions.at(-1)?.sha256 === sha256) continue;
    const written = ledger.written[path];
    const reason = written?.sha256 === sha256 ? written.reason : 'found';
    // 0 bytes carry no marker: ours only when we wrote them.
    const truncated = owned.writer === 'ours' && owned.marked === undefined && written !== undefined;
    const writer = truncated && written.sha256 !== sha256 ? 'ours-edited' : owned.writer;
    const version = { at: look.at, sha256, writer, reason, mode: seen.mode };
    added[path] = [...versions, version].slice(-versionsKept);
  }
  return { ledger: { ...ledger, history: { ...ledger.history, ...added } }, objects };
};

/** Every stored content that the ledger still refers to. */
export const referencedObjects = (ledger: Ledger): ReadonlySet<string> =>
  new Set([
    ...Object.values(ledger.lastGood).flatMap((unit) => unit.files.map((file) => file.sha256)),
    ...Object.values(ledger.originals).flatMap(({ content }) => (content.kind === 'file' ? [content.sha256] : [])),
    ...Object.values(ledger.spegel).map((saved) => saved.sha256),
    ...Object.values(ledger.history).flatMap((versions) => versions.map((version) => version.sha256)),
    ...Object.values(ledger.pins).map((pin) => pin.sha256),
  ]);
