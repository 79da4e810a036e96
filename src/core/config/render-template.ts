import { TemplateError } from '../../gotemplate/error.ts';
import { parseTemplate, type Template } from '../../gotemplate/template.ts';
import type { DesiredFile } from '../desired.ts';
import type { Problem } from '../problem.ts';
import type { Config } from './config.ts';
import type { Extension } from './config-extensions.ts';
import { joinPath, type RenderProblemCode } from './config-problems.ts';
import type { TemplateData } from './context.ts';
import { placeInText } from './yaml-positions.ts';

/** Milliseconds that only grow: the time limit of a template needs it. */
export type Clock = () => number;

/** One template, parsed or not, and whose it is. */
export type Source = {
  readonly registry: string;
  readonly name: string;
  /** `built-in` or `extension:<key>`. */
  readonly label: string;
  /** `undefined`: the built-in one. */
  readonly extension: Extension | undefined;
  readonly parsed: Template | TemplateError;
};

export type Rendered =
  | { readonly file: DesiredFile; readonly problems: readonly [] }
  | { readonly file: undefined; readonly problems: readonly Problem[] };

const parse = (text: string, name: string, config: Config, clock: Clock | undefined): Template | TemplateError => {
  try {
    return parseTemplate(text, {
      name,
      missingKey: config.settings.missingKey,
      ...(clock === undefined ? {} : { clock }),
    });
  } catch (error) {
    if (error instanceof TemplateError) return error;
    throw error;
  }
};

export const builtInSource = (registry: string, text: string, config: Config, clock: Clock | undefined): Source => ({
  registry,
  name: 'hosts.toml',
  label: 'built-in',
  extension: undefined,
  parsed: parse(text, 'built-in', config, clock),
});

export const extensionSource = (extension: Extension, config: Config, clock: Clock | undefined): Source => ({
  registry: extension.registry,
  name: extension.name,
  label: `extension:${extension.key}`,
  extension,
  parsed: parse(extension.content, extension.key, config, clock),
});

/** Where a source stands, for problems about it. */
export const sourcePlace = (source: Source, config: Config): Pick<Problem, 'file' | 'path' | 'line'> => ({
  file: config.file,
  ...(source.extension === undefined
    ? {}
    : { path: joinPath(joinPath('extensions', source.extension.key), 'content'), line: source.extension.line }),
});

const templateProblem = (source: Source, error: TemplateError, config: Config): Problem => {
  const { extension } = source;
  const who = extension === undefined ? 'the built-in template' : `the extension ${JSON.stringify(extension.key)}`;
  const where = error.line > 0 ? `, line ${error.line} of its content` : '';
  const place =
    extension === undefined || error.line <= 0
      ? {}
      : placeInText(extension.source, error.line, error.column === undefined ? undefined : error.column + 1);
  const fallback =
    error.phase === 'parse'
      ? 'Correct the template. What it may use is in docs/configuration.md.'
      : 'Check the template against `handspegel render` with the facts of this node; an unknown fact has no key.';
  return {
    code: (error.phase === 'limit' ? 'template-limit' : 'template-error') satisfies RenderProblemCode,
    severity: 'error',
    message: `${who}${where}: ${error.message}`,
    hint: error.hint ?? fallback,
    ...sourcePlace(source, config),
    ...place,
  };
};

const text = new TextDecoder('utf-8');

/** A private key, or a header that is a credential: for root's eyes only. */
const holdsCredentials = (bytes: Uint8Array): boolean =>
  /PRIVATE KEY-----|^\s*["']?(?:proxy-)?authorization["']?\s*=|^\s*["']?(?:cookie|[\w-]*(?:token|api-?key|secret))["']?\s*=/im.test(
    text.decode(bytes),
  );

/** Renders one file; a failing template gives a problem instead. */
export const renderSource = (source: Source, data: TemplateData, config: Config): Rendered => {
  const { parsed, name, label } = source;
  if (parsed instanceof TemplateError) return { file: undefined, problems: [templateProblem(source, parsed, config)] };
  data.secrets.wasRead = false;
  try {
    const bytes = parsed.executeBytes(data);
    const mode = data.secrets.wasRead || holdsCredentials(bytes) ? 0o600 : 0o644;
    return { file: { name, bytes, mode, source: label }, problems: [] };
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return { file: undefined, problems: [templateProblem(source, error, config)] };
  }
};
