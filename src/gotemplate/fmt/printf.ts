import { decodeRune } from '../bytes.ts';
import type { Budget } from '../limits.ts';
import { integerOf, typeOf, type Value } from '../values.ts';
import { noFlags } from './format.ts';
import { Printer } from './printer.ts';

const TOO_LARGE = 1_000_000;

type Found = { readonly value: number | undefined; readonly next: number };

function parseNumber(format: string, at: number, end: number): Found {
  let value = 0;
  let next = at;
  for (; next < end; next++) {
    const digit = format.charCodeAt(next) - 48;
    if (!(digit >= 0 && digit <= 9)) break;
    if (value > TOO_LARGE) return { value: undefined, next: end };
    value = value * 10 + digit;
  }
  return { value: next > at ? value : undefined, next };
}

/** Reads a format string verb by verb. */
class Formatter {
  private readonly format: string;
  private readonly args: readonly Value[];
  private readonly printer: Printer;
  private at = 0;
  private arg = 0;
  private reordered = false;
  private goodArgument = true;
  private afterIndex = false;

  constructor(format: string, args: readonly Value[], budget: Budget) {
    this.format = format;
    this.args = args;
    this.printer = new Printer(budget);
  }

  run(): string {
    const { format, printer } = this;
    while (this.at < format.length) {
      const percent = format.indexOf('%', this.at);
      if (percent < 0) {
        printer.write(format.slice(this.at));
        break;
      }
      if (percent > this.at) printer.write(format.slice(this.at, percent));
      this.at = percent + 1;
      printer.budget.step(1);
      this.verb();
    }
    if (!this.reordered && this.arg < this.args.length) this.extra();
    return printer.out;
  }

  private verb(): void {
    const { format, printer } = this;
    this.goodArgument = true;
    this.afterIndex = false;
    printer.flags = noFlags();
    this.flags();
    this.argumentNumber();
    this.width();
    if (format[this.at] === '.' && this.at + 1 <= format.length) this.precision();
    if (!this.afterIndex) this.argumentNumber();
    if (this.at >= format.length) {
      printer.write('%!(NOVERB)');
      return;
    }
    const packed = decodeRune(format, this.at);
    const verb = format.slice(this.at, this.at + (packed & 7));
    this.at += packed & 7;
    if (verb === '%') printer.write('%');
    else if (!this.goodArgument) printer.write(`%!${verb}(BADINDEX)`);
    else if (this.arg >= this.args.length) printer.write(`%!${verb}(MISSING)`);
    else this.print(verb);
  }

  private print(verb: string): void {
    const { printer } = this;
    if (verb === 'v' || verb === 'w') {
      printer.flags.sharpV = printer.flags.sharp;
      printer.flags.sharp = false;
      printer.flags.plusV = printer.flags.plus;
      printer.flags.plus = false;
    }
    printer.printArg(this.args[this.arg++], verb);
  }

  private flags(): void {
    const { flags } = this.printer;
    for (; this.at < this.format.length; this.at++) {
      switch (this.format[this.at]) {
        case '#':
          flags.sharp = true;
          break;
        case '0':
          flags.zero = true;
          break;
        case '+':
          flags.plus = true;
          break;
        case '-':
          flags.minus = true;
          break;
        case ' ':
          flags.space = true;
          break;
        default:
          return;
      }
    }
  }

  /** An explicit index such as [2]. */
  private argumentNumber(): void {
    const { format } = this;
    if (format[this.at] !== '[') {
      this.afterIndex = false;
      return;
    }
    this.reordered = true;
    const close = format.indexOf(']', this.at + 1);
    const start = this.at;
    if (close < 0 || format.length - start < 3) {
      this.goodArgument = false;
      this.afterIndex = false;
      this.at = start + 1;
      return;
    }
    const { value, next } = parseNumber(format, start + 1, close);
    this.at = close + 1;
    if (value === undefined || next !== close) {
      this.goodArgument = false;
      this.afterIndex = false;
      return;
    }
    this.afterIndex = true;
    if (value >= 1 && value <= this.args.length) this.arg = value - 1;
    else this.goodArgument = false;
  }

  private integerArgument(): number | undefined {
    if (this.arg >= this.args.length) return undefined;
    const value = integerOf(this.args[this.arg++]);
    if (value === undefined || value > TOO_LARGE || value < -TOO_LARGE) return undefined;
    return Number(value);
  }

  private width(): void {
    const { flags } = this.printer;
    if (this.format[this.at] === '*') {
      this.at++;
      let width = this.integerArgument();
      if (width === undefined) this.printer.write('%!(BADWIDTH)');
      else if (width < 0) {
        width = -width;
        flags.minus = true;
        flags.zero = false;
      }
      flags.width = width;
      this.afterIndex = false;
      return;
    }
    const { value, next } = parseNumber(this.format, this.at, this.format.length);
    flags.width = value;
    this.at = next;
    if (this.afterIndex && value !== undefined) this.goodArgument = false;
  }

  private precision(): void {
    const { format, printer } = this;
    if (this.at + 1 >= format.length) return;
    this.at++;
    if (this.afterIndex) this.goodArgument = false;
    this.argumentNumber();
    if (format[this.at] === '*') {
      this.at++;
      const precision = this.integerArgument();
      printer.flags.precision = precision !== undefined && precision >= 0 ? precision : undefined;
      if (printer.flags.precision === undefined) printer.write('%!(BADPREC)');
      this.afterIndex = false;
      return;
    }
    const { value, next } = parseNumber(format, this.at, format.length);
    printer.flags.precision = value ?? 0;
    this.at = next;
  }

  private extra(): void {
    const { printer } = this;
    printer.flags = noFlags();
    printer.write('%!(EXTRA ');
    for (let i = this.arg; i < this.args.length; i++) {
      if (i > this.arg) printer.write(', ');
      const arg = this.args[i];
      if (arg === undefined || arg === null) {
        printer.write('<nil>');
      } else {
        printer.write(`${typeOf(arg)}=`);
        printer.printArg(arg, 'v');
      }
    }
    printer.write(')');
  }
}

/** fmt.Sprintf */
export function sprintf(format: string, args: readonly Value[], budget: Budget): string {
  return new Formatter(format, args, budget).run();
}
