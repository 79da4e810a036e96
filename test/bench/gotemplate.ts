import { compile } from '@ctrl/golang-template';
import { New } from '@mdfriday/text-template';
import { parseTemplate } from '../../src/gotemplate/template.ts';

/** A template engine as the bench sees it: parse once, then execute. */
type Engine = { readonly name: string; parse(text: string): (data: unknown) => string | Promise<string> };

const OURS: Engine = {
  name: 'handspegel',
  parse: (text) => {
    const template = parseTemplate(text, { missingKey: 'error' });
    return (data) => template.execute(data);
  },
};

const OTHERS: readonly Engine[] = [
  {
    name: '@ctrl/golang-template',
    parse: (text) => {
      const template = compile(text);
      return (data) => template.render(data as Record<string, unknown>);
    },
  },
  {
    name: '@mdfriday/text-template',
    parse: (text) => {
      const [template, error] = New('t').Parse(text);
      if (error) throw error;
      return async (data) => {
        const [output, problem] = await template.Execute(data);
        if (problem) throw problem;
        return output;
      };
    },
  },
];

const HOST = (port: number): string =>
  `[host.'http://{{.config.node_address_ip}}:${port}']\ncapabilities = ['pull', 'resolve']\ndial_timeout = '200ms'\n`;
const MIRROR = "[host.'https://my-mirror.internal']\ncapabilities = ['pull', 'resolve']\ndial_timeout = '200ms'\n";

const BLOCK = `# {{ .name }}
{{ range .hosts }}[host."{{ .url }}"]
  capabilities = [{{ range .caps }}"{{ . }}",{{ end }}]
{{ if .skip }}  skip_verify = true
{{ else }}  dial_timeout = "200ms"
{{ end }}{{ end }}`;

/** As the template language's advice has it: commas by index, quotes by printf. */
const QUOTED = `# {{ .name }}
{{- range .hosts }}
[host.{{ printf "%q" .url }}]
  capabilities = [{{ range $i, $c := .caps }}{{ if $i }}, {{ end }}{{ printf "%q" $c }}{{ end }}]
{{- if .skip }}
  skip_verify = true
{{- else if eq $.name "docker.io" }}
  dial_timeout = "200ms"
{{- end }}{{ end }}
`;

const DATA = {
  name: 'docker.io',
  config: { node_address_ip: '10.20.30.40', node_name: 'worker-1' },
  hosts: Array.from({ length: 5 }, (_, i) => ({
    url: `https://m${i}.example.com`,
    caps: ['pull', 'resolve'],
    skip: i === 2,
  })),
};

const CASES: readonly { readonly name: string; readonly text: string }[] = [
  { name: 'document: no mirrors', text: '# no mirrors' },
  { name: 'document: one mirror', text: MIRROR },
  { name: 'document: this node', text: HOST(30020) },
  { name: 'document: both ports', text: `${HOST(30020)}\n${HOST(30021)}` },
  { name: 'document: great-registry', text: `${MIRROR}\n${HOST(30020)}\n${HOST(30021)}` },
  { name: '10 kB, quoted', text: QUOTED.repeat(Math.ceil(10_240 / QUOTED.length)) },
  { name: '10 kB, fields only', text: BLOCK.repeat(Math.ceil(10_240 / BLOCK.length)) },
];

/** The fastest of several rounds for each call, in microseconds; the calls take turns, so that noise meets all. */
async function measure(calls: readonly (() => unknown)[]): Promise<number[]> {
  const best = calls.map(() => Number.POSITIVE_INFINITY);
  const counts = calls.map(() => 1);
  for (const call of calls) {
    for (const end = performance.now() + 200; performance.now() < end; ) await call();
  }
  for (let round = 0; round < 15; round++) {
    for (const [i, call] of calls.entries()) {
      for (;;) {
        const count = counts[i] ?? 1;
        const start = performance.now();
        for (let n = 0; n < count; n++) {
          const result = call();
          if (result instanceof Promise) await result;
        }
        const took = performance.now() - start;
        if (took < 5) {
          counts[i] = count * 2;
          continue;
        }
        best[i] = Math.min(best[i] ?? took, (took * 1000) / count);
        break;
      }
    }
  }
  return best;
}

/** The same output, if the engine can make it at all. */
async function able(engine: Engine, text: string, wanted: string): Promise<boolean> {
  try {
    return (await engine.parse(text)(DATA)) === wanted;
  } catch {
    return false;
  }
}

let slower = 0;
for (const { name, text } of CASES) {
  const wanted = await OURS.parse(text)(DATA);
  const engines = [OURS];
  for (const engine of OTHERS) if (await able(engine, text, wanted)) engines.push(engine);
  const runs = engines.map((engine) => engine.parse(text));
  const parse = await measure(engines.map((engine) => () => engine.parse(text)));
  const execute = await measure(runs.map((run) => () => run(DATA)));
  const times = { parse, execute, both: parse.map((time, i) => time + (execute[i] ?? 0)) };
  for (const [what, [own = 0, ...rest]] of Object.entries(times)) {
    const ratios = rest.map((time, i) => `${(time / own).toFixed(2)}x ${engines[i + 1]?.name}`);
    if (what === 'both' && rest.some((time) => time < own)) slower++;
    const shown = ratios.join('  ') || '(no other can)';
    process.stdout.write(`${name.padEnd(26)}${what.padEnd(9)}${own.toFixed(2).padStart(8)} µs  ${shown}\n`);
  }
}
process.stdout.write(
  slower === 0 ? 'parse and execute: not slower than any\n' : `parse and execute: slower in ${slower} cases\n`,
);
process.exitCode = slower === 0 ? 0 : 1;
