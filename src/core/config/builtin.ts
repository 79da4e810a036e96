import type { ChartValues } from './helm-values-chart.ts';
import { catchAll, registryUrl } from './helm-values-url.ts';

/** One file of the built-in templates: `hosts.toml` of a registry directory. */
export type BuiltIn = { readonly registry: string; readonly template: string };

/**
 * The hosts, in the words of Spegel's own file: this node, the control plane, then the chart's additional targets. It
 * uses nothing but what every extension sees, so a copy of it is a place to start from.
 */
const hosts = (otherwise: string): string => `{{ range $index, $target := .config.spegel.mirror_targets }}
{{- if $index }}
{{ end }}[host.'{{ $target }}']
capabilities = ['pull'{{ if $.config.spegel.resolve_tags }}, 'resolve'{{ end }}]
dial_timeout = '200ms'
{{- with $.config.spegel.basic_auth_secret }}
{{- $secret := index $.secrets . }}
[host.'{{ $target }}'.header]
Authorization = 'Basic {{ printf "%s:%s" (get $secret "username") (get $secret "password") | b64enc }}'
{{- end }}
{{ else -}}
# no mirror is known yet that containerd reads: neither on this node nor on the control plane
${otherwise}{{ end -}}
`;

/** The template of `_default/hosts.toml`: no `server`, so each registry keeps its own upstream. */
export const defaultTemplate: string = hosts('');

/** The template for one registry. With a `server` and no host, `[host]` makes containerd before 1.7.32 read the file. */
const registryTemplate = (server: string): string => `server = '${server}'\n\n${hosts('[host]\n')}`;

/** Docker Hub's registry is not at its name; Spegel writes the same. */
const serverOf = (url: string): string => (url === 'https://docker.io' ? 'https://registry-1.docker.io' : url);

/**
 * The built-in templates: `_default` alone, or with `mirroredRegistries` one for each registry of that list and no
 * `_default`, unless the list names it.
 */
export const builtInTemplates = (chart: ChartValues): readonly BuiltIn[] => {
  if (chart.mirroredRegistries.length === 0) return [{ registry: catchAll, template: defaultTemplate }];
  return chart.mirroredRegistries.flatMap((text): BuiltIn[] => {
    if (text === catchAll) return [{ registry: catchAll, template: defaultTemplate }];
    const url = registryUrl(text);
    return url.ok ? [{ registry: url.host, template: registryTemplate(serverOf(url.url)) }] : [];
  });
};

/** The registry directories that Spegel itself writes with these values. */
export const spegelRegistries = (chart: ChartValues): ReadonlySet<string> =>
  new Set(builtInTemplates(chart).map(({ registry }) => registry));
