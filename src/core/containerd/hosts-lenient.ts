import { modelledVersions, rulesOf } from './containerd-version.ts';
import { entryOf, settingsOf } from './hosts-entry.ts';
import { decodedHosts, hostsFileType, noFields } from './hosts-fields.ts';
import type { HostEntry, HostsFile } from './hosts-file.ts';
import { byteString } from './toml/bytes.ts';
import { TomlError } from './toml/error.ts';
import { readGoToml2 } from './toml/go2.ts';
import type { TomlExpression } from './toml/go2-syntax.ts';
import { decodeGoToml24 } from './toml/go24-decode.ts';

/** A document is split into layers, none of which names a table twice. */
type Layers = {
  readonly documents: TomlExpression[][];
  readonly hosts: { readonly url: string; readonly layer: number }[];
};

const hostOf = (expression: TomlExpression): string | undefined => {
  const [first, second] = expression.key;
  return first?.text === 'host' && second !== undefined && expression.kind === 'table' ? second.text : undefined;
};

const splitLayers = (expressions: Iterable<TomlExpression>): Layers => {
  const layers: Layers = { documents: [[]], hosts: [] };
  const seen = new Set<string>();
  const current = new Map<string, number>();
  let layer = 0;
  for (const expression of expressions) {
    const url = hostOf(expression);
    if (expression.kind === 'table') {
      const name = JSON.stringify(expression.key.map(({ text }) => text));
      layer = url === undefined ? 0 : (current.get(url) ?? 0);
      while (seen.has(`${layer} ${name}`)) layer += 1;
      seen.add(`${layer} ${name}`);
      if (url !== undefined && current.get(url) !== layer) {
        current.set(url, layer);
        layers.hosts.push({ url, layer });
      }
    }
    const document = layers.documents[layer] ?? [];
    layers.documents[layer] = document;
    document.push(expression);
  }
  return layers;
};

/**
 * Understands a file that names a table twice, which every containerd ignores: Spegel's `prependExisting` makes such
 * files. The hosts are given as often as they are named; merging the file with itself mends it. `undefined` for a file
 * that is wrong in another way.
 */
export const parseLenient = (bytes: Uint8Array): HostsFile | undefined => {
  const newest = modelledVersions.at(-1);
  if (newest === undefined) return undefined;
  const type = hostsFileType(rulesOf(newest));
  try {
    const layers = splitLayers(readGoToml2(byteString(bytes).replace(/^\u00ef\u00bb\u00bf/, ''), true));
    const decoded = layers.documents.map((document) => decodedHosts(decodeGoToml24(document, type), []));
    const [first] = decoded;
    if (first === undefined) return undefined;
    const hosts: HostEntry[] = layers.hosts.map(({ url, layer }) =>
      entryOf({ url, fields: decoded[layer]?.hosts.get(url) ?? noFields }),
    );
    // Dotted and inline hosts, which no table header names.
    for (const [url, fields] of first.hosts) {
      if (!layers.hosts.some((host) => host.url === url)) hosts.push(entryOf({ url, fields }));
    }
    return { ...(first.server === '' ? {} : { server: first.server }), top: settingsOf(first.top), hosts };
  } catch (error) {
    if (error instanceof TomlError) return undefined;
    throw error;
  }
};
