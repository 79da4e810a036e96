/** An image reference as CRI normalises it before it asks containerd. */
export type ImageReference = {
  /** The registry as typed: the name of the directory that containerd looks for. */
  readonly namespace: string;
  readonly repository: string;
  /** Absent beside a digest: then the tag is dropped. */
  readonly tag?: string;
  readonly digest?: string;
};

export type ImageReferenceOutcome =
  | { readonly ok: true; readonly image: ImageReference }
  | { readonly ok: false; readonly error: string };

const label = '(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)';
const domain = `(?:${label}(?:\\.${label})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const tag = '[\\w][\\w.-]{0,127}';
const digest = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';
const whole = new RegExp(`^(${domain})/(${component}(?:/${component})*)(?::(${tag}))?(?:@(${digest}))?$`);

const digestLengths: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 };

const maxRepository = 255;

/** Docker's short names: what has neither a dot nor a colon nor a capital letter before the first slash is no registry. */
const splitDomain = (name: string): { readonly namespace: string; readonly rest: string } => {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const isDomain = first === 'localhost' || /[.:]/.test(first) || first.toLowerCase() !== first;
  const namespace = !isDomain || first === 'index.docker.io' ? 'docker.io' : first;
  const rest = isDomain ? name.slice(slash + 1) : name;
  return { namespace, rest: namespace === 'docker.io' && !rest.includes('/') ? `library/${rest}` : rest };
};

const checkDigest = (text: string): string | undefined => {
  const [algorithm = '', hex = ''] = text.split(':');
  const length = digestLengths[algorithm];
  if (length === undefined) return `unsupported digest algorithm ${algorithm}`;
  return hex.length === length && hex.toLowerCase() === hex
    ? undefined
    : `${algorithm} needs ${length} lower-case digits`;
};

/** What CRI of 1.6 says of an image that newer ones read (its `reference/docker`, the same from 1.6.0 to 1.6.36). */
export const refusedBefore17 = ({ namespace, repository }: ImageReference): string | undefined => {
  if (namespace.startsWith('[')) return 'before 1.7 no registry may be an IPv6 address (invalid reference format)';
  if (namespace !== 'localhost' && !/[.:]/.test(namespace)) {
    return `before 1.7 ${namespace}/ is no registry but part of a Docker Hub name, which must be lower case`;
  }
  const length = `${namespace}/${repository}`.length;
  return length > maxRepository
    ? `before 1.7 registry and repository have ${maxRepository} characters at most, not ${length}`
    : undefined;
};

/**
 * Reads an image as it stands in a Pod (`distribution.ParseDockerRef`): short names, `index.docker.io`, ports, IPv6,
 * tags and digests. The error is for people.
 */
export const parseImageReference = (text: string): ImageReferenceOutcome => {
  if (/^[a-f0-9]{64}$/.test(text)) return { ok: false, error: 'an image ID is no image reference' };
  const { namespace, rest } = splitDomain(text);
  const found = whole.exec(`${namespace}/${rest}`);
  if (found === null) {
    const upper = whole.test(`${namespace}/${rest.toLowerCase()}`);
    return { ok: false, error: upper ? 'a repository name must be lower case' : 'this is no image reference' };
  }
  const repository = found[2] ?? '';
  if (repository.length > maxRepository) return { ok: false, error: 'the repository name is too long' };
  const [, , , tagText, digestText] = found;
  if (digestText === undefined) return { ok: true, image: { namespace, repository, tag: tagText ?? 'latest' } };
  const error = checkDigest(digestText);
  return error === undefined
    ? { ok: true, image: { namespace, repository, digest: digestText } }
    : { ok: false, error };
};
