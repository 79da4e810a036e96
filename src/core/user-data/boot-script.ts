import { redactText } from '../redact.ts';
import { type BootMirror, type BootOutcome, type BootPlan, type BootUnit, marks } from './boot-plan.ts';
import { addressPart } from './script-addresses.ts';
import { basicPart, hashPart } from './script-basics.ts';
import { besidePart, landPart, leftPart } from './script-files.ts';
import { ownerPart } from './script-owner.ts';
import { probePart } from './script-probing.ts';

/** A word of the shell that is nothing but itself. */
const literal = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const variables: Readonly<Record<string, string>> = {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: of the shell
  [marks.v4]: '${v4}',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: of the shell
  [marks.v6]: '${v6}',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: of the shell
  [marks.v6Word]: '${v6_word}',
};

/** Text in double quotes, with the node's addresses where they belong. */
const quoted = (text: string): string =>
  `"${text.replaceAll(/["$`\\]/g, '\\$&').replaceAll(/[\uE004\uE006\uE016]/g, (mark) => variables[mark] ?? '')}"`;

/** For people: one line without anything that YAML or a terminal would take amiss. */
const sentence = (text: string): string => literal(redactText(text).replaceAll(/[^ -~\u00A1-\uD7FF]+/g, ' '));

const encoded = (name: string): string => encodeURIComponent(name);

const mirrorLine = ({ url, probe, word, block }: BootMirror): string =>
  `mirror ${[url, probe, word, block].map(quoted).join(' ')}`;

const probedLine = ({ hosts, mirrors, top, alone }: Extract<BootOutcome, { kind: 'files' }>): string => {
  const whole = [top, ...mirrors.map(({ block }) => block)].filter((part) => part !== '').join('\n');
  return `probed ${[top, alone, ...(whole === hosts ? [] : [hosts])].map(quoted).join(' ')}`;
};

const linesOf = (registry: string, outcome: BootOutcome, probe: boolean): readonly string[] => {
  switch (outcome.kind) {
    case 'nothing':
      return [':'];
    case 'left':
      return [`left ${sentence(registry)} ${sentence(outcome.why)}`];
    case 'files': {
      const { beside, hosts, mirrors } = outcome;
      const isProbed = probe && mirrors.length > 0;
      return [
        `begin ${literal(registry)}`,
        ...beside.map(({ name, text }) => `beside ${literal(name)} ${literal(encoded(name))} ${quoted(text)}`),
        ...(isProbed ? mirrors.map(mirrorLine) : []),
        isProbed ? probedLine(outcome) : `hosts ${quoted(hosts)}`,
      ];
    }
  }
};

/** `v4|v6` as a pattern of the shell: nothing for a family that the node lacks. */
const patternOf = ({ v4, v6 }: { readonly v4: string; readonly v6: string }): string => {
  const plain = (address: string): string => (address === 'none' ? '' : address);
  return `${plain(v4)}|${plain(v6)}`
    .split('any')
    .map((text) => (text === '' ? '' : literal(text)))
    .join('?*');
};

type Branch = { readonly patterns: readonly string[]; readonly lines: readonly string[] };

/** One function for each registry directory, a branch for each set of addresses that makes a difference. */
const unitFunction = ({ registry, cases }: BootUnit, number: number, probe: boolean): string => {
  const branches: Branch[] = [];
  for (const one of cases) {
    const lines = linesOf(registry, one.outcome, probe);
    const last = branches.at(-1);
    if (last !== undefined && last.lines.join('\n') === lines.join('\n')) {
      branches[branches.length - 1] = { ...last, patterns: [...last.patterns, patternOf(one)] };
    } else branches.push({ patterns: [patternOf(one)], lines });
  }
  const text = branches.map(
    ({ patterns, lines }) =>
      `    ${patterns.join(' | ')})\n${lines.map((line) => `      ${line}\n`).join('')}      ;;\n`,
  );
  return `unit_${number}() {\n  case "$v4|$v6" in\n${text.join('')}  esac\n}\n`;
};

const title = ({ version }: BootPlan): string => `#!/bin/sh
# Made by handspegel ${version} user-data: the first registry host files of a node, before kubelet pulls anything.
`;

const head = (plan: BootPlan): string => `${title(plan)}\
# It may run at each boot: it writes what is missing, and replaces nothing but what it wrote itself.
# HANDSPEGEL_NODE_IP (addresses, separated by commas) and HANDSPEGEL_CERTS_DIR overrule what it finds.
${writes(plan) ? `version=${literal(plan.version)}\n` : ''}certs=\${HANDSPEGEL_CERTS_DIR:-${literal(plan.certsDir)}}
state=${literal(plan.stateDir)}
control_plane=${literal(plan.controlPlane.join(' '))}
`;

const units = (plan: BootPlan): string =>
  `${plan.units.map((unit, at) => unitFunction(unit, at + 1, plan.probe)).join('\n')}
units() {
${plan.units.map((_, at) => `  unit_${at + 1}\n`).join('')}}
`;

const probing = `if find_asker; then
  asked=$newline silent=$newline count=0 pids='' mode='ask'
  units
  settle
  mode='write'
else
  silent=$newline
fi
`;

const main = (plan: BootPlan): string => `certs=\${certs%/}
case $certs in /*) ;; *) certs=$PWD/$certs ;; esac
if [ -e "$state/released" ]; then
  say 'handspegel was released here: nothing is written'
  exit 0
fi
if stands "$certs/_backup"; then
  say "Spegel has been here ($certs/_backup): nothing is written"
  exit 0
fi
${writes(plan) ? workplace : ''}find_addresses
${usesWord(plan) ? encodeV6 : ''}if [ -z "$v4$v6" ]; then say 'this node has no address yet'; fi
${isProbing(plan) ? probing : ''}units
exit "$status"
`;

const workplace = `if ! find_hasher; then
  fail 'nothing here knows SHA-256, and without it the agent would take the files for somebody else'"'"'s: nothing is written'
  exit 1
fi
work=\${certs%/*}/.handspegel/user-data.$$
trap 'rm -rf "$work"; rmdir "\${work%/*}" 2>/dev/null || :' EXIT
trap 'exit 1' HUP INT TERM
if ! mkdir -p "$certs" "$work" 2>/dev/null; then
  fail "$certs: cannot be made"
  exit 1
fi
`;

const encodeV6 = `v6_word='' rest=$v6
while [ -n "$rest" ]; do
  case $rest in
    *:*) v6_word=$v6_word\${rest%%:*}%3A rest=\${rest#*:} ;;
    *) v6_word=$v6_word$rest rest='' ;;
  esac
done
`;

const hasOutcome = ({ units }: BootPlan, is: (outcome: BootOutcome) => boolean): boolean =>
  units.some(({ cases }) => cases.some(({ outcome }) => is(outcome)));

const writes = (plan: BootPlan): boolean => hasOutcome(plan, ({ kind }) => kind === 'files');

const isProbing = (plan: BootPlan): boolean =>
  plan.probe && hasOutcome(plan, (outcome) => outcome.kind === 'files' && outcome.mirrors.length > 0);

const usesWord = (plan: BootPlan): boolean =>
  isProbing(plan) &&
  hasOutcome(plan, (outcome) => outcome.kind === 'files' && JSON.stringify(outcome.mirrors).includes(marks.v6Word));

/**
 * A POSIX shell script that makes a plan true on the node it runs on: the same bytes that the agent would write for the
 * same addresses, so that it takes them over as they are.
 */
export const bootScript = (plan: BootPlan): string => {
  if (!hasOutcome(plan, ({ kind }) => kind !== 'nothing')) {
    return `${title(plan)}printf 'handspegel user-data: there is no file to write\\n' >&2\n`;
  }
  const parts = [
    head(plan),
    basicPart,
    ...(writes(plan) ? [hashPart] : []),
    addressPart,
    ...(writes(plan) ? [ownerPart, landPart] : []),
    ...(hasOutcome(plan, (outcome) => outcome.kind === 'files' && outcome.beside.length > 0) ? [besidePart] : []),
    ...(hasOutcome(plan, ({ kind }) => kind === 'left') ? [leftPart] : []),
    ...(isProbing(plan) ? [probePart] : []),
    units(plan),
    main(plan),
  ];
  return parts.join('\n');
};
