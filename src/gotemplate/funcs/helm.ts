import { CallError } from '../error.ts';
import { decodeJson, jsonKind } from '../json/decode.ts';
import { encodeJson } from '../json/encode.ts';
import type { Budget } from '../limits.ts';
import { decodeToml } from '../toml/decode.ts';
import { encodeToml } from '../toml/encode.ts';
import { Dict, List, type Value } from '../values.ts';
import { yamlNode } from '../yaml/convert.ts';
import { emitYaml } from '../yaml/emit.ts';
import { readYaml } from '../yaml/read.ts';
import { orElse } from './json.ts';
import { type Context, type Func, type Funcs, fn } from './signature.ts';

type Read = (text: string, budget: Budget) => Value;

const NIL_DICT = new Dict(new Map(), 'any', true);
const NIL_LIST = new List([], 'any', { isNil: true });

function errorDict(message: string): Dict {
  return new Dict(new Map([['Error', message]]));
}

function wrongType(value: Value, type: string): CallError {
  return new CallError(`json: cannot unmarshal ${jsonKind(value)} into Go value of type ${type}`);
}

/** Reads a map; an error becomes the map {Error: ...}, as Helm has it. */
function readDict(read: Read, prefix: string, none: Dict = NIL_DICT): Func {
  return fn(['string'], ({ budget }, text) =>
    orElse(() => {
      const value = read(text, budget);
      if (value instanceof Dict) return value;
      if (value === null) return none;
      throw new CallError(prefix + wrongType(value, 'map[string]interface {}').message);
    }, errorDict),
  );
}

/** Reads a list; an error becomes the only item. */
function readList(read: Read, prefix: string, none: List = NIL_LIST): Func {
  return fn(['string'], ({ budget }, text) =>
    orElse(
      () => {
        const value = read(text, budget);
        if (value instanceof List) return value;
        if (value === null) return none;
        throw new CallError(prefix + wrongType(value, '[]interface {}').message);
      },
      (message) => new List([message]),
    ),
  );
}

function toYaml(value: Value, budget: Budget): string {
  return emitYaml(yamlNode(value, budget), budget).replace(/\n$/, '');
}

function writer(
  write: (value: Value, budget: Budget) => string,
  otherwise: ((message: string) => Value) | undefined,
): Func {
  return fn(['interface {}'], ({ budget }, value) => {
    if (otherwise === undefined) return write(value, budget);
    return orElse(() => write(value, budget), otherwise);
  });
}

function toToml(value: Value, budget: Budget): string {
  return encodeToml(value, budget);
}

function required(message: string, value: Value): Value {
  if (value === null || value === undefined || value === '') throw new CallError(message);
  return value;
}

function evaluate(context: Context, text: string, data: Value): string {
  return context.evaluate(text, data).replaceAll('<no value>', '');
}

const JSON_STYLE = { html: true } as const;
const toJson = (value: Value, budget: Budget): string => encodeJson(value, JSON_STYLE, budget);
const YAML_PREFIX = 'error unmarshaling JSON: while decoding JSON: ';
const empty = (): Value => '';

const toTomlFunc: Func = fn(['interface {}'], ({ budget }, value) => {
  if (value === null) throw new CallError('reflect: call of reflect.Value.Type on zero Value');
  return orElse(
    () => toToml(value, budget),
    (message) => message,
  );
});

/** What Helm adds to sprig. */
export const HELM: Funcs = {
  toToml: toTomlFunc,
  mustToToml: writer(toToml, undefined),
  fromToml: readDict(decodeToml, ''),
  toYaml: writer(toYaml, empty),
  toYamlPretty: writer(toYaml, empty),
  mustToYaml: writer(toYaml, undefined),
  fromYaml: fn(['string'], (context, text) => readDict(readYaml, YAML_PREFIX, new Dict()).call(context, [text])),
  fromYamlArray: readList(readYaml, YAML_PREFIX, new List([])),
  toJson: writer(toJson, empty),
  mustToJson: writer(toJson, undefined),
  fromJson: readDict(decodeJson, ''),
  fromJsonArray: readList(decodeJson, ''),
  required: fn(['string', 'interface {}'], (_, message, value) => required(message, value)),
  include: fn(['string', 'interface {}'], (context, name, data) => context.include(name, data)),
};

/** Runs text as a template: on demand only, for it makes code of data. */
export const TPL: Funcs = {
  tpl: fn(['string', 'interface {}'], (context, text, data) => evaluate(context, text, data)),
};
