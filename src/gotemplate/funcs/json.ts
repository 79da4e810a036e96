import { CallError } from '../error.ts';
import { decodeJson } from '../json/decode.ts';
import { encodeJson, type JsonStyle } from '../json/encode.ts';
import type { Value } from '../values.ts';
import { type Func, type Funcs, fn } from './signature.ts';

/** Answers with another value where a function would fail. */
export function orElse(call: () => Value, fallback: (message: string) => Value): Value {
  try {
    return call();
  } catch (error) {
    if (error instanceof CallError) return fallback(error.message);
    throw error;
  }
}

function encoder(style: JsonStyle, must: boolean): Func {
  return fn(['interface {}'], ({ budget }, value) => {
    const encode = (): string => encodeJson(value, style, budget);
    return must ? encode() : orElse(encode, () => '');
  });
}

const COMPACT: JsonStyle = { html: true };
const PRETTY: JsonStyle = { html: true, indent: '  ' };
const RAW: JsonStyle = { html: false };

/** sprig's functions of JSON. */
export const JSON_FUNCS: Funcs = {
  toJson: encoder(COMPACT, false),
  mustToJson: encoder(COMPACT, true),
  toPrettyJson: encoder(PRETTY, false),
  mustToPrettyJson: encoder(PRETTY, true),
  toRawJson: encoder(RAW, true),
  mustToRawJson: encoder(RAW, true),
  fromJson: fn(['string'], ({ budget }, text) =>
    orElse(
      () => decodeJson(text, budget),
      () => null,
    ),
  ),
  mustFromJson: fn(['string'], ({ budget }, text) => decodeJson(text, budget)),
};
