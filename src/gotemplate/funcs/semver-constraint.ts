import { RE2JS } from 're2js';
import { CallError } from '../error.ts';
import { comparePrerelease, parseVersion, type Version } from './version.ts';

const VERSION =
  String.raw`v?([0-9|x|X|\*]+)(\.[0-9|x|X|\*]+)?(\.[0-9|x|X|\*]+)?` +
  String.raw`(-([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?(\+([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?`;
const OPERATOR = String.raw`=||!=|>|<|>=|=>|<=|=<|~|~>|\^`;

type Patterns = { readonly one: RE2JS; readonly each: RE2JS; readonly range: RE2JS; readonly valid: RE2JS };

/** In linear time, whatever the constraint; compiled once, when a template first asks. */
const patterns = ((): (() => Patterns) => {
  let compiled: Patterns | undefined;
  return () => {
    compiled ??= {
      one: RE2JS.compile(String.raw`^\s*(${OPERATOR})\s*(${VERSION})\s*$`),
      each: RE2JS.compile(String.raw`(${OPERATOR})\s*(${VERSION})`),
      range: RE2JS.compile(String.raw`\s*(${VERSION})\s+-\s+(${VERSION})\s*`),
      valid: RE2JS.compile(
        String.raw`^(\s*(${OPERATOR})\s*(${VERSION})\s*)((?:\s+|,\s*)(${OPERATOR})\s*(${VERSION})\s*)*$`,
      ),
    };
    return compiled;
  };
})();

type Constraint = {
  readonly operator: string;
  readonly version: Version;
  /** Parts left open: any of them, minor and patch, or only the patch. */
  readonly dirty: boolean;
  readonly minorDirty: boolean;
  readonly patchDirty: boolean;
};

function isOpen(part: string): boolean {
  return part === '' || /^\.?[xX*]$/.test(part);
}

function parseOne(text: string): Constraint {
  const matcher = patterns().one.matcher(text);
  if (!matcher.find()) throw new CallError(`improper constraint: ${text}`);
  const group = (index: number): string => matcher.group(index) ?? '';
  const [major, minor, patch, tail] = [group(3), group(4), group(5), group(6)];
  let version = group(2);
  let open: 'none' | 'all' | 'minor' | 'patch' = 'none';
  if (isOpen(major)) {
    version = `0.0.0${tail}`;
    open = 'all';
  } else if (isOpen(minor)) {
    version = `${major}.0.0${tail}`;
    open = 'minor';
  } else if (isOpen(patch)) {
    version = `${major}${minor}.0${tail}`;
    open = 'patch';
  }
  try {
    return {
      operator: group(1),
      version: parseVersion(version),
      dirty: open !== 'none',
      minorDirty: open === 'minor',
      patchDirty: open === 'patch',
    };
  } catch (error) {
    if (error instanceof CallError) throw new CallError('constraint parser error');
    throw error;
  }
}

/** "1.2 - 2.3" is ">= 1.2, <= 2.3". */
function rewriteRanges(text: string): string {
  let out = text;
  const matcher = patterns().range.matcher(text);
  while (matcher.find()) {
    const replacement = `>= ${matcher.group(1)}, <= ${matcher.group(11)} `;
    out = out.replace(matcher.group(0) ?? '', () => replacement);
  }
  return out;
}

function parseGroup(text: string): Constraint[] {
  if (!patterns().valid.matcher(text).find()) throw new CallError(`improper constraint: ${text}`);
  const found: string[] = [];
  const matcher = patterns().each.matcher(text);
  while (matcher.find()) found.push(matcher.group(0) ?? '');
  return (found.length === 0 ? [text] : found).map(parseOne);
}

function notEqual(version: Version, { version: wanted, dirty, minorDirty, patchDirty }: Constraint): boolean {
  if (dirty) {
    if (wanted.major !== version.major) return true;
    if (wanted.minor !== version.minor && !minorDirty) return true;
    if (minorDirty) return false;
    if (wanted.patch !== version.patch && !patchDirty) return true;
    if (patchDirty) {
      const any = version.prerelease !== '' || wanted.prerelease !== '';
      return any && comparePrerelease(version.prerelease, wanted.prerelease) !== 0;
    }
  }
  return version.compare(wanted) !== 0;
}

function greaterThan(version: Version, { version: wanted, dirty, minorDirty, patchDirty }: Constraint): boolean {
  if (!dirty) return version.compare(wanted) > 0;
  if (version.major !== wanted.major) return version.major > wanted.major;
  if (minorDirty) return false;
  if (patchDirty) return version.minor > wanted.minor;
  return version.compare(wanted) > 0;
}

function lessOrEqual(version: Version, { version: wanted, dirty, minorDirty }: Constraint): boolean {
  if (!dirty) return version.compare(wanted) <= 0;
  if (version.major > wanted.major) return false;
  return !(version.major === wanted.major && version.minor > wanted.minor && !minorDirty);
}

function tilde(version: Version, { version: wanted, minorDirty, patchDirty }: Constraint): boolean {
  if (version.compare(wanted) < 0) return false;
  const zero = wanted.major === 0n && wanted.minor === 0n && wanted.patch === 0n;
  if (zero && !minorDirty && !patchDirty) return true;
  return version.major === wanted.major && (version.minor === wanted.minor || minorDirty);
}

function caret(version: Version, { version: wanted, minorDirty, patchDirty }: Constraint): boolean {
  if (version.compare(wanted) < 0) return false;
  if (wanted.major > 0n || minorDirty) return version.major === wanted.major;
  if (version.major > 0n) return false;
  if (wanted.minor > 0n || patchDirty) return version.minor === wanted.minor;
  if (version.minor > 0n) return false;
  return version.patch === wanted.patch;
}

function satisfies(version: Version, constraint: Constraint): boolean {
  switch (constraint.operator) {
    case '!=':
      return notEqual(version, constraint);
    case '>':
      return greaterThan(version, constraint);
    case '<':
      return version.compare(constraint.version) < 0;
    case '>=':
    case '=>':
      return version.compare(constraint.version) >= 0;
    case '<=':
    case '=<':
      return lessOrEqual(version, constraint);
    case '~':
    case '~>':
      return tilde(version, constraint);
    case '^':
      return caret(version, constraint);
    default:
      return constraint.dirty ? tilde(version, constraint) : version.compare(constraint.version) === 0;
  }
}

/** Whether a version satisfies one of the groups; a pre-release only where a group names one. */
export function checkConstraints(text: string, versionText: string): boolean {
  const groups = rewriteRanges(text).split('||').map(parseGroup);
  const version = parseVersion(versionText);
  return groups.some((group) => {
    const withPrerelease = group.some((constraint) => constraint.version.prerelease !== '');
    if (version.prerelease !== '' && !withPrerelease) return false;
    return group.every((constraint) => satisfies(version, constraint));
  });
}
