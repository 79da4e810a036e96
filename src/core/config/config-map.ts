import type { Sha256 } from '../marker.ts';
import type { ConfigState } from './config-choice.ts';

/** A ConfigMap as the watch tells of it; `uid` undefined: there is none. */
export type ToldConfigMap = { readonly state: ConfigState; readonly uid: string | undefined };

const mapKey = 'config.yaml';

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};

/** The bytes that kubelet would write to files, by key. */
const filesOf = (object: unknown): ReadonlyMap<string, Uint8Array> => {
  const { data, binaryData } = record(object);
  const files = new Map<string, Uint8Array>();
  for (const [key, text] of Object.entries(record(data))) {
    if (typeof text === 'string') files.set(key, new TextEncoder().encode(text));
  }
  for (const [key, text] of Object.entries(record(binaryData))) {
    if (typeof text === 'string')
      files.set(
        key,
        Uint8Array.from(atob(text), (byte) => byte.charCodeAt(0)),
      );
  }
  return files;
};

const decode = (bytes: Uint8Array): string | undefined => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
};

/** `config.yaml`, else the only YAML key: as the mount of the same ConfigMap is read. `object` undefined: there is none. */
export const readConfigMap = (object: unknown, name: string, sha256: Sha256): ToldConfigMap => {
  if (object === undefined) return { state: { kind: 'missing', file: name }, uid: undefined };
  const { uid } = record(record(object)['metadata']);
  const told = (state: ConfigState): ToldConfigMap => ({ state, uid: typeof uid === 'string' ? uid : undefined });
  const refused = (message: string): ToldConfigMap => told({ kind: 'error', file: name, message });
  const files = filesOf(object);
  const keys = [...files.keys()].filter((key) => /\.ya?ml$/.test(key)).toSorted();
  const key = keys.includes(mapKey) ? mapKey : keys[0];
  if (key === undefined) return refused(`${name} has no key ${mapKey}`);
  if (key !== mapKey && keys.length > 1) {
    return refused(`${name} has no ${mapKey} and more than one YAML file to choose from: ${keys.join(', ')}`);
  }
  const bytes = files.get(key) ?? new Uint8Array();
  const text = decode(bytes);
  if (text === undefined) return refused(`${name}: ${key} is not UTF-8`);
  return told({ kind: 'text', text, file: `${name}, ${key}`, sha256: sha256(bytes) });
};
