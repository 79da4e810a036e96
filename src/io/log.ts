import { writeSync } from 'node:fs';
import type { Logger } from 'pino';

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];
type LineLevel = Exclude<LogLevel, 'silent'>;

type Write = (fields: object, message: string) => void;

/** Fields first, a constant message second. */
export type Log = {
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
  /** The same log with fields that stand in each of its lines. */
  readonly child: (bindings: object) => Log;
};

export type RootLog = Log & {
  /** Loads the logger and writes what was said so far; until then lines wait in memory, the first 1,000 of them. */
  readonly start: () => Promise<void>;
  /** For an end that comes before `start`: writes what waits without the logger. */
  readonly flush: () => void;
};

export type LogOptions = {
  readonly level: LogLevel;
  /** For people in front of a terminal; needs a development dependency, and is plain without it. */
  readonly pretty?: boolean;
  /** Takes one line; standard error unless told. */
  readonly write?: (line: string) => void;
};

type Line = { readonly at: Date; readonly level: LineLevel; readonly fields: object; readonly message: string };

const mostWaiting = 1_000;
const deepest = 6;
const secretName = /^(proxy-)?authorization$|^(set-)?cookie$|headers?$|password|token|secret|private_?key/i;
/** `Authorization` values and user names in URLs, wherever they stand in a text. */
const secretText = /\b(Basic|Bearer) +[\w+/.~-]{6,}=*|(?<=:\/\/)[^\s/@'"]+(?=@)/g;

const clean = (value: unknown, depth = 0): unknown => {
  if (typeof value !== 'object' || value === null || value instanceof Error || value instanceof Date) return value;
  if (depth === deepest) return '[deep]';
  if (Array.isArray(value)) return value.map((one) => clean(one, depth + 1));
  const entries = Object.entries(value);
  return Object.fromEntries(
    entries.map(([name, one]) => [name, secretName.test(name) ? '[redacted]' : clean(one, depth + 1)]),
  );
};

const cleanText = (line: string): string => line.replace(secretText, '[redacted]');

/** A full disk or a reader that is gone costs lines, never the agent: how many is said once it works again. */
const createWriter = (): ((line: string) => void) => {
  let lost = 0;
  const put = (line: string): void => {
    const bytes = Buffer.from(line);
    for (let done = 0; done < bytes.length; ) done += writeSync(2, bytes, done);
  };
  return (line) => {
    try {
      if (lost > 0) put(`${JSON.stringify({ level: 'warn', lost, msg: 'lines of this log were lost' })}\n`);
      lost = 0;
      put(line);
    } catch {
      // Whatever the reason (ENOSPC, EPIPE, EAGAIN, EIO), there is no place left to tell it.
      lost += 1;
    }
  };
};

const plainLine = ({ at, level, fields, message }: Line): string =>
  `${JSON.stringify({ level, time: at.toISOString(), ...fields, msg: message })}\n`;

const loadPino = async (options: LogOptions, timestamp: () => string, write: (line: string) => void) => {
  const { pino } = await import('pino');
  const settings = {
    level: options.level,
    base: null,
    timestamp,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return pino(settings, { write });
};

const loadPretty = async (write: (line: string) => void): Promise<(line: string) => void> => {
  try {
    const { prettyFactory } = await import('pino-pretty');
    const pretty = prettyFactory({ colorize: true, translateTime: 'HH:MM:ss.l', ignore: 'pid,hostname' });
    return (line) => write(pretty(line));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND') return write;
    throw error;
  }
};

/**
 * The log: one JSON object a line with `level`, `time`, the fields and `msg`. Credentials are cut out by the names of
 * fields (headers, passwords, tokens, keys) at any depth, and by their look anywhere in a line.
 */
export const createLog = (options: LogOptions): RootLog => {
  const threshold = logLevels.indexOf(options.level);
  const toEnd = options.write ?? createWriter();
  const write = (line: string): void => toEnd(cleanText(line));
  let waiting: Line[] = [];
  let logger: Logger | undefined;
  let at = new Date();

  const say = (line: Line): void => {
    if (logger === undefined) {
      if (waiting.length < mostWaiting) waiting.push(line);
      return;
    }
    at = line.at;
    logger[line.level](line.fields, line.message);
  };

  const withBindings = (bindings: object): Log => {
    const writer =
      (level: LineLevel): Write =>
      (fields, message) => {
        if (logLevels.indexOf(level) < threshold) return;
        say({ at: new Date(), level, fields: { ...bindings, ...(clean(fields) as object) }, message });
      };
    return {
      debug: writer('debug'),
      info: writer('info'),
      warn: writer('warn'),
      error: writer('error'),
      child: (more) => withBindings({ ...bindings, ...(clean(more) as object) }),
    };
  };

  const takeWaiting = (): readonly Line[] => {
    const lines = waiting;
    waiting = [];
    return lines;
  };

  return {
    ...withBindings({}),
    start: async () => {
      const end = options.pretty === true ? await loadPretty(write) : write;
      logger ??= await loadPino(options, () => `,"time":"${at.toISOString()}"`, end);
      takeWaiting().forEach(say);
    },
    flush: () => {
      for (const line of takeWaiting()) write(plainLine(line));
    },
  };
};
