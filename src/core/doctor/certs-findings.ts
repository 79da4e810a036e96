import { certsDirPrefix, namespaceOf, readExtensionPath } from '../config/extension-path.ts';
import { type RegistryEntry, registriesOf } from './certs-tree.ts';
import type { CertsFacts } from './doctor-facts.ts';
import { type Finding, finding } from './finding.ts';
import { at, hostsFindings, isHere, namedHosts, pullFindings, text, type View, viewOf } from './hosts-findings.ts';
import { rightsFindings } from './rights-findings.ts';

const saysNothing = (bytes: Uint8Array): boolean =>
  text
    .decode(bytes)
    .split('\n')
    .every((line) => /^\s*(?:#.*)?$/.test(line));

const nameFindings = ({ facts }: View, { name }: RegistryEntry): readonly Finding[] => {
  if (/^_*default_*$/i.test(name) && name !== '_default') {
    const message = `containerd never reads ${name}/: did you mean _default?`;
    return [
      finding('certs-default-misspelt', message, `mv ${facts.root}/${name} ${facts.root}/_default`, at(facts, name)),
    ];
  }
  const path = readExtensionPath(`${certsDirPrefix}${name}/hosts.toml`);
  if (path.kind !== 'file') return [];
  return path.warnings.map((warning) =>
    finding(
      warning.code === 'extension-path-unread' ? 'certs-directory-unread' : 'certs-directory-unusual',
      warning.message,
      warning.hint,
      at(facts, name),
    ),
  );
};

/** A directory that has no mirrors of its own stops containerd from looking into `_default`. */
const hidingFindings = (view: View, registry: RegistryEntry, hasDefault: boolean): readonly Finding[] => {
  const { facts } = view;
  const { name, files } = registry;
  if (name === '_default' || !hasDefault) return [];
  const place = at(facts, name);
  if (files.size === 0) {
    return [
      finding('certs-empty-directory', `${name}/ is empty and hides _default`, `rmdir ${facts.root}/${name}`, place),
    ];
  }
  if (files.get('hosts.toml')?.kind === 'unreadable') return [];
  const hosts = view.files.read(`${facts.root}/${name}/hosts.toml`);
  if (!hosts.ok && hosts.error === 'no such file or directory') {
    const message = `${name}/ has no hosts.toml and hides _default`;
    return [
      finding(
        'certs-no-hosts-file',
        message,
        `Write ${facts.root}/${name}/hosts.toml with the mirrors of _default.`,
        place,
      ),
    ];
  }
  if (!hosts.ok || !saysNothing(hosts.value)) return [];
  const message = `${name}/hosts.toml has no content and hides _default`;
  return [
    finding(
      'certs-hosts-empty',
      message,
      'Remove the directory, or write the mirrors of _default into the file.',
      at(facts, `${name}/hosts.toml`),
    ),
  ];
};

const fileNameFindings = ({ facts }: View, { name, files }: RegistryEntry): readonly Finding[] => {
  const findings: Finding[] = [];
  const hasHosts = files.has('hosts.toml');
  for (const file of files.keys()) {
    if (file === 'hosts.toml' || !/^hosts?\.(?:toml|tml|yaml|yml|conf)(?:\.\w+)?$/i.test(file)) continue;
    if (hasHosts && /^hosts\.toml\./i.test(file)) continue;
    const message = `containerd never reads ${file}: the file must be called hosts.toml`;
    findings.push(
      finding(
        'certs-file-name',
        message,
        `mv ${facts.root}/${name}/${file} ${facts.root}/${name}/hosts.toml`,
        at(facts, `${name}/${file}`),
      ),
    );
  }
  return findings;
};

/** Docker's layout counts only where there is no hosts.toml (`loadCertFiles`). */
const certificateFindings = (view: View, registry: RegistryEntry): readonly Finding[] => {
  const { facts } = view;
  const { name, files } = registry;
  const hosts = view.files.read(`${facts.root}/${name}/hosts.toml`);
  if (hosts.ok && hosts.value.length > 0) return [];
  const findings: Finding[] = [];
  for (const file of files.keys()) {
    const stem = file.replace(/\.(?:cert|key)$/, '');
    if (file.endsWith('.cert') && !files.has(`${stem}.key`)) {
      const read = view.files.read(`${facts.root}/${name}/${file}`);
      if (read.ok && facts.certificates.keyPairError(read.value, read.value) === undefined) continue;
      const message = `${file} has no ${stem}.key beside it and holds no key itself`;
      findings.push(
        finding(
          'certs-key-missing',
          message,
          `Put the key into ${facts.root}/${name}/${stem}.key, mode 0600.`,
          at(facts, `${name}/${file}`),
        ),
      );
    }
    if (file.endsWith('.key') && !files.has(`${stem}.cert`)) {
      const message = `${file} has no ${stem}.cert beside it`;
      findings.push(
        finding(
          'certs-key-alone',
          message,
          `Put the certificate into ${facts.root}/${name}/${stem}.cert, or remove the key.`,
          at(facts, `${name}/${file}`),
        ),
      );
    }
  }
  return findings;
};

const directoryFindings = (view: View, registry: RegistryEntry, hasDefault: boolean): readonly Finding[] => {
  const names = nameFindings(view, registry);
  // What no image name leads to hides nothing.
  const read = names.every(({ code }) => code === 'certs-directory-unusual');
  const found = [
    ...names,
    ...(read ? hidingFindings(view, registry, hasDefault) : []),
    ...fileNameFindings(view, registry),
    ...certificateFindings(view, registry),
    ...hostsFindings(view, registry),
  ];
  return [...found, ...pullFindings(view, registry, found)];
};

const linkFinding = ({ facts, files }: View, path: string, target: string): Finding => {
  const hint = `Put the file or directory itself there: rm ${facts.root}/${path}, then copy.`;
  return files.stat(`${facts.root}/${path}`).ok
    ? finding('certs-link', `${path} is a symbolic link to ${target}`, hint, at(facts, path))
    : finding(
        'certs-link-dangling',
        `${path} is a symbolic link to ${target}, which is not there`,
        hint,
        at(facts, path),
      );
};

const entryFindings = (view: View, registry: RegistryEntry, hasDefault: boolean): readonly Finding[] => {
  const { facts } = view;
  const { name, seen, files } = registry;
  const links = [[name, seen] as const, ...[...files].map(([file, its]) => [`${name}/${file}`, its] as const)].flatMap(
    ([path, its]) => (its.kind === 'symlink' ? [linkFinding(view, path, its.target)] : []),
  );
  const unreadable = [...files].flatMap(([file, its]) =>
    its.kind === 'unreadable'
      ? [
          finding(
            'certs-unreadable',
            `${name}/${file}: ${its.why}`,
            'Make it a plain file that root can read.',
            at(facts, `${name}/${file}`),
          ),
        ]
      : [],
  );
  switch (seen.kind) {
    case 'directory':
      return [...links, ...unreadable, ...directoryFindings(view, registry, hasDefault)];
    case 'symlink':
      return links;
    case 'unreadable':
      return [
        finding('certs-unreadable', `${name}: ${seen.why}`, 'Make it a directory that root can read.', at(facts, name)),
      ];
    case 'file': {
      const registryName =
        name === '_default' ||
        /[.:]|^localhost$/.test(name.replace(/\.(?:toml|crt|cert|key|pem|md|txt|ya?ml|json|bak)$/i, ''));
      if (!registryName)
        return [
          finding(
            'certs-loose-file',
            `${name} lies directly in certs.d`,
            'Move it into the directory of its registry.',
            at(facts, name),
          ),
        ];
      return [
        finding(
          'certs-not-a-directory',
          `${name} is a file, so every pull from ${name} fails`,
          `Make it a directory that holds a hosts.toml.`,
          at(facts, name),
        ),
      ];
    }
    default:
      return seen satisfies never;
  }
};

const twins = ({ facts }: View, registries: readonly RegistryEntry[]): readonly Finding[] =>
  registries.flatMap(({ name }) => {
    const twin = registries.find((other) => other.name !== name && namespaceOf(other.name) === name);
    if (twin === undefined) return [];
    const message = `${twin.name}/ stands before ${name}/, so the latter is never read`;
    return [
      finding('certs-directory-hidden', message, `Keep one of them: rm -r ${facts.root}/${name}`, at(facts, name)),
    ];
  });

/**
 * What is wrong with a certs.d tree: what containerd does with each registry directory, what one hides of the other,
 * and what nobody reads (containerd-hosts.md 1.2, 1.4 and 7).
 */
export const certsFindings = (facts: CertsFacts): readonly Finding[] => {
  const { look, root } = facts;
  if ('unreadable' in look) {
    return [
      finding('certs-unreadable', `${root}: ${look.unreadable}`, 'Run as root, or mount the parent directory.', {
        file: root,
      }),
    ];
  }
  const { tree } = look;
  if (tree.root === 'absent') {
    const hint = 'The agent makes it with the first file (handspegel run); Spegel makes it too.';
    return [finding('certs-dir-absent', `there is no ${root}`, hint, { file: root })];
  }
  if (tree.root !== 'directory') {
    const hint = `Make ${root} a directory; until then every pull fails.`;
    return [finding('certs-dir-not-a-directory', tree.root.problem, hint, { file: root })];
  }
  const view = viewOf(facts, tree);
  const registries = registriesOf(tree).filter(({ name }) => isHere(name));
  const hasDefault = registries.some(({ name, seen }) => name === '_default' && seen.kind !== 'file');
  const none = namedHosts(facts).length === 0;
  return [
    ...(none
      ? [
          finding(
            'certs-no-mirror',
            `no hosts.toml below ${root} names a host`,
            'See handspegel plan: it says why no mirror is written.',
            { file: root },
          ),
        ]
      : []),
    ...registries.flatMap((registry) => entryFindings(view, registry, hasDefault)),
    ...twins(view, registries),
    ...(facts.rights ? rightsFindings(root, tree) : []),
  ];
};
