import type { ContainerdRules } from './containerd-version.ts';
import type { GoType, GoValue, Place } from './toml/go-place.ts';
import {
  anyMap,
  anyType,
  boolType,
  elementOf,
  mapEntries,
  slicePlaces,
  stringType,
  structField,
} from './toml/go-place.ts';

/** A value of a key that takes more than one type. `other`: nothing that containerd has a use for. */
export type LooseValue = string | readonly LooseValue[] | { readonly other: string };

/** The keys of one host, or of the top level, after decoding and before they are looked at (`hostFileConfig`). */
export type HostFields = {
  readonly capabilities: readonly string[] | undefined;
  readonly ca: LooseValue | undefined;
  readonly client: LooseValue | undefined;
  readonly skipVerify: boolean | undefined;
  readonly header: ReadonlyMap<string, LooseValue> | undefined;
  readonly overridePath: boolean;
  readonly dialTimeout: string;
};

export const noFields: HostFields = {
  capabilities: undefined,
  ca: undefined,
  client: undefined,
  skipVerify: undefined,
  header: undefined,
  overridePath: false,
  dialTimeout: '',
};

/** A file as one TOML library decodes it, the hosts in the order in which containerd lists them. */
export type DecodedHosts = {
  readonly server: string;
  readonly top: HostFields;
  readonly hosts: ReadonlyMap<string, HostFields>;
  readonly order: readonly string[];
  /** False when containerd 1.x gives the hosts another order at each call. */
  readonly stable: boolean;
};

const settings = (rules: ContainerdRules): [string, GoType][] => {
  const fields: [string, GoType][] = [
    ['capabilities', { kind: 'slice', of: stringType }],
    ['ca', anyType],
    ['client', anyType],
    ['skip_verify', { kind: 'pointer', of: boolType }],
    ['header', anyMap],
    ['override_path', boolType],
  ];
  if (rules.dialTimeout) fields.push(['dial_timeout', stringType]);
  return fields;
};

/** The structure that containerd decodes a `hosts.toml` into. */
export const hostsFileType = (rules: ContainerdRules): GoType => {
  const fields = settings(rules);
  const host: GoType = { kind: 'struct', fields: new Map(fields) };
  return {
    kind: 'struct',
    fields: new Map<string, GoType>([...fields, ['server', stringType], ['host', { kind: 'map', of: host }]]),
  };
};

const looseValue = (place: Place | undefined): LooseValue | undefined => {
  if (place === undefined) return undefined;
  if (place.type.kind === 'any') return looseValue(elementOf(place));
  const { value } = place.cell;
  if (typeof value === 'string') return value;
  if (place.type.kind === 'slice') return slicePlaces(place).map((item) => looseValue(item) ?? { other: 'nothing' });
  return {
    other: place.type.kind === 'map' ? 'a table' : place.type.kind === 'bool' ? 'a boolean' : 'a number or date',
  };
};

const headerOf = (place: Place | undefined): ReadonlyMap<string, LooseValue> | undefined => {
  const entries = place === undefined ? undefined : mapEntries(place);
  if (entries === undefined) return undefined;
  const element = (value: GoValue): Place => ({ type: anyType, cell: { value }, settable: false });
  return new Map([...entries].map(([name, value]) => [name, looseValue(element(value)) ?? { other: 'nothing' }]));
};

const fieldsOf = (place: Place): HostFields => {
  const field = (name: string): Place | undefined => structField(place, name);
  const capabilities = field('capabilities');
  const skipVerify = field('skip_verify');
  const flag = skipVerify === undefined ? undefined : elementOf(skipVerify)?.cell.value;
  const dialTimeout = field('dial_timeout')?.cell.value;
  return {
    capabilities:
      capabilities?.cell.value === undefined
        ? undefined
        : slicePlaces(capabilities).map(({ cell }) => (typeof cell.value === 'string' ? cell.value : '')),
    ca: looseValue(field('ca')),
    client: looseValue(field('client')),
    skipVerify: typeof flag === 'boolean' ? flag : undefined,
    header: headerOf(field('header')),
    overridePath: field('override_path')?.cell.value === true,
    dialTimeout: typeof dialTimeout === 'string' ? dialTimeout : '',
  };
};

/** What the decoders left in the structure. */
export const decodedHosts = (root: Place, order: readonly string[]): DecodedHosts => {
  const server = structField(root, 'server')?.cell.value;
  const map = structField(root, 'host');
  const hosts = new Map<string, HostFields>();
  if (map?.type.kind === 'map') {
    for (const [url, value] of mapEntries(map) ?? []) {
      hosts.set(url, fieldsOf({ type: map.type.of, cell: { value }, settable: false }));
    }
  }
  return { server: typeof server === 'string' ? server : '', top: fieldsOf(root), hosts, order, stable: true };
};
