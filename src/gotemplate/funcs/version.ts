import { CallError } from '../error.ts';
import { parseUint64 } from '../strconv/int.ts';
import { int, type Method, type Opaque, Sized, type Value } from '../values.ts';

const VERSION =
  /^v?([0-9]+)(\.[0-9]+)?(\.[0-9]+)?(-([0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*))?(\+([0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*))?$/;

function segment(text: string): bigint {
  const digits = text.replace('.', '');
  const parsed = parseUint64(digits, 10);
  if (parsed.error === undefined) return parsed.value;
  throw new CallError(`error parsing version segment: strconv.ParseUint: parsing "${digits}": value out of range`);
}

function compareNumbers(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function comparePart(a: string, b: string): number {
  if (a === b) return 0;
  if (a === '') return -1;
  if (b === '') return 1;
  const left = parseUint64(a, 10);
  const right = parseUint64(b, 10);
  if (left.error !== undefined && right.error !== undefined) return a > b ? 1 : -1;
  if (right.error !== undefined) return -1;
  if (left.error !== undefined) return 1;
  return left.value > right.value ? 1 : -1;
}

/** Compares two pre-releases part by part. */
export function comparePrerelease(a: string, b: string): number {
  const left = a.split('.');
  const right = b.split('.');
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const order = comparePart(left[i] ?? '', right[i] ?? '');
    if (order !== 0) return order;
  }
  return 0;
}

/** A semantic version, read loosely: 1.2 is 1.2.0, and a leading v is fine. */
export class Version implements Opaque {
  readonly type: string;
  readonly kind: 'struct' | 'ptr';
  readonly hidden: readonly string[] = ['major', 'minor', 'patch', 'pre', 'metadata', 'original'];
  readonly major: bigint;
  readonly minor: bigint;
  readonly patch: bigint;
  readonly prerelease: string;
  readonly metadata: string;
  readonly original: string;

  constructor(parts: VersionParts, pointer = true) {
    this.type = pointer ? '*semver.Version' : 'semver.Version';
    this.kind = pointer ? 'ptr' : 'struct';
    this.major = parts.major;
    this.minor = parts.minor;
    this.patch = parts.patch;
    this.prerelease = parts.prerelease;
    this.metadata = parts.metadata;
    this.original = parts.original;
  }

  text(): string {
    const prerelease = this.prerelease === '' ? '' : `-${this.prerelease}`;
    const metadata = this.metadata === '' ? '' : `+${this.metadata}`;
    return `${this.major}.${this.minor}.${this.patch}${prerelease}${metadata}`;
  }

  json(): string {
    return `"${this.text()}"`;
  }

  equals(other: Value): boolean {
    if (other === this) return true;
    return other instanceof Version && this.kind === other.kind && this.original === other.original;
  }

  compare(other: Version): number {
    const order =
      compareNumbers(this.major, other.major) ||
      compareNumbers(this.minor, other.minor) ||
      compareNumbers(this.patch, other.patch);
    if (order !== 0 || this.prerelease === other.prerelease) return order;
    if (this.prerelease === '') return 1;
    if (other.prerelease === '') return -1;
    return comparePrerelease(this.prerelease, other.prerelease);
  }

  method(name: string): Method | undefined {
    const getter = Object.hasOwn(GETTERS, name) ? GETTERS[name] : undefined;
    if (getter !== undefined) return { params: [], call: () => getter(this) };
    const test = Object.hasOwn(COMPARISONS, name) ? COMPARISONS[name] : undefined;
    if (test === undefined) return undefined;
    return {
      params: ['*semver.Version'],
      call: (other) => {
        if (other instanceof Version) return test(this.compare(other));
        return name === 'Equal' ? false : nilPointer();
      },
    };
  }
}

type VersionParts = Pick<Version, 'major' | 'minor' | 'patch' | 'prerelease' | 'metadata' | 'original'>;

function nilPointer(): never {
  throw new CallError('runtime error: invalid memory address or nil pointer dereference');
}

function next(version: Version, parts: Partial<VersionParts>): Version {
  const { major, minor, patch } = { major: version.major, minor: version.minor, patch: version.patch, ...parts };
  const numbers = { major, minor, patch, prerelease: '', metadata: '' };
  const bare = new Version({ ...numbers, original: '' }, false);
  const prefix = version.original.startsWith('v') ? 'v' : '';
  return new Version({ ...numbers, original: prefix + bare.text() }, false);
}

const GETTERS: Record<string, (version: Version) => Value> = {
  Major: ({ major }) => new Sized('uint64', major),
  Minor: ({ minor }) => new Sized('uint64', minor),
  Patch: ({ patch }) => new Sized('uint64', patch),
  Prerelease: ({ prerelease }) => prerelease,
  Metadata: ({ metadata }) => metadata,
  Original: ({ original }) => original,
  String: (version) => version.text(),
  IncMajor: (version) => next(version, { major: version.major + 1n, minor: 0n, patch: 0n }),
  IncMinor: (version) => next(version, { minor: version.minor + 1n, patch: 0n }),
  IncPatch: (version) => next(version, version.prerelease === '' ? { patch: version.patch + 1n } : {}),
};

const COMPARISONS: Record<string, (order: number) => Value> = {
  Compare: (order) => int(order),
  Equal: (order) => order === 0,
  LessThan: (order) => order < 0,
  LessThanEqual: (order) => order <= 0,
  GreaterThan: (order) => order > 0,
  GreaterThanEqual: (order) => order >= 0,
};

/** Reads a version; what is none is a CallError. */
export function parseVersion(text: string): Version {
  const match = VERSION.exec(text);
  if (match === null) throw new CallError('invalid semantic version');
  const [, major = '0', minor = '0', patch = '0', , prerelease = '', , , metadata = ''] = match;
  const parts = { major: segment(major), minor: segment(minor), patch: segment(patch) };
  if (prerelease.split('.').some((part) => /^0[0-9]+$/.test(part))) {
    throw new CallError('version segment starts with 0');
  }
  return new Version({ ...parts, prerelease, metadata, original: text });
}
