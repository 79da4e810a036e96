/** One series of a family of metrics. */
export type Sample = { readonly labels: Readonly<Record<string, string>>; readonly value: number };

export type Family = { readonly name: string; readonly help: string; readonly samples: readonly Sample[] };

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' };

const special = /[\\"\n]/;

const escaped = (value: string): string =>
  special.test(value) ? value.replaceAll(/[\\"\n]/g, (sign) => escapes[sign] ?? sign) : value;

const printLabels = (labels: Sample['labels']): string => {
  let text = '';
  for (const [name, value] of Object.entries(labels)) text += `${text === '' ? '' : ','}${name}="${escaped(value)}"`;
  return text === '' ? '' : `{${text}}`;
};

/**
 * Gauges that are read off a state at each scrape, in Prometheus' text format. prom-client would keep, clear and fill a
 * map for each of them: with hundreds of registries that was most of a scrape's cost.
 */
export const printFamily = ({ name, help, samples }: Family): string =>
  [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} gauge`,
    ...samples.map(({ labels, value }) => `${name}${printLabels(labels)} ${value}`),
    '',
  ].join('\n');
