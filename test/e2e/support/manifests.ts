import assert from 'node:assert/strict';
import { parseAllDocuments } from 'yaml';

export type Rule = {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
};

/** What the chart renders, as far as tests look into it. */
export type Manifest = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly annotations?: Record<string, string>;
  };
  readonly rules?: readonly Rule[];
  readonly data?: Record<string, string>;
  readonly spec?: unknown;
};

export const parseManifests = (text: string): readonly Manifest[] =>
  parseAllDocuments(text, { logLevel: 'silent' })
    .map((document) => {
      assert.deepEqual(document.errors, []);
      return document.toJS() as Manifest | null;
    })
    .filter((manifest) => manifest !== null);

/** Where an API server takes it. */
export const pathOf = ({ apiVersion, kind, metadata: { namespace } }: Manifest): string => {
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const place = namespace === undefined ? '' : `/namespaces/${namespace}`;
  const resource = kind.endsWith('y') ? `${kind.slice(0, -1)}ies` : `${kind}s`;
  return `${group}${place}/${resource.toLowerCase()}`;
};
