import { type Func, type Funcs, fn } from './signature.ts';

/** path.Clean */
export function clean(path: string): string {
  if (path === '') return '.';
  const rooted = path.startsWith('/');
  const out: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') out.push(part);
    else if (out.length > 0 && out[out.length - 1] !== '..') out.pop();
    else if (!rooted) out.push('..');
  }
  const joined = out.join('/');
  return rooted ? `/${joined}` : joined === '' ? '.' : joined;
}

function base(path: string): string {
  if (path === '') return '.';
  const trimmed = path.replace(/\/+$/, '');
  const last = trimmed.slice(trimmed.lastIndexOf('/') + 1);
  return last === '' ? '/' : last;
}

function extension(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  return dot < 0 ? '' : name.slice(dot);
}

function ofPath(call: (path: string) => string | boolean): Func {
  return fn(['string'], ({ budget }, path) => {
    budget.text(path.length);
    return call(path);
  });
}

const CLEAN = ofPath(clean);
const BASE = ofPath(base);
const DIR = ofPath((path) => clean(path.slice(0, path.lastIndexOf('/') + 1)));
const EXT = ofPath(extension);
const IS_ABS = ofPath((path) => path.startsWith('/'));

/** sprig's functions of paths; those of the operating system follow Linux. */
export const PATHS: Funcs = {
  clean: CLEAN,
  base: BASE,
  dir: DIR,
  ext: EXT,
  isAbs: IS_ABS,
  osClean: CLEAN,
  osBase: BASE,
  osDir: DIR,
  osExt: EXT,
  osIsAbs: IS_ABS,
};
