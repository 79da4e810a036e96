import { encodeRune } from '../bytes.ts';
import type { Budget } from '../limits.ts';
import { Complex, Dict, integerOf, List, type Opaque, Sized, typeOf, type Value } from '../values.ts';
import {
  type Flags,
  formatChar,
  formatFloatVerb,
  formatHex,
  formatInteger,
  formatQuoted,
  formatQuotedChar,
  formatString,
  formatUnicode,
  noFlags,
  pad,
} from './format.ts';

/** Prints single values as Go's fmt does, for one verb after the other. */
export class Printer {
  out = '';
  flags: Flags = noFlags();
  readonly budget: Budget;
  private erroring = false;

  constructor(budget: Budget) {
    this.budget = budget;
  }

  /** Appends text. */
  write(text: string): void {
    this.out += text;
    if (this.out.length > this.budget.limits.string) this.budget.text(this.out.length);
  }

  /** Prints one operand of a call. */
  printArg(arg: Value, verb: string): void {
    if (arg === undefined || arg === null) {
      if (verb === 'T' || verb === 'v') this.write(pad(this.flags, '<nil>', this.budget));
      else this.badVerb(arg, verb);
      return;
    }
    if (verb === 'T') this.write(formatString(this.flags, typeOf(arg), this.budget));
    else if (verb === 'p') this.pointer(arg);
    else if (verb === 'w' && typeof arg === 'object') this.badVerb(arg, verb);
    else this.printValue(arg, verb, 0);
  }

  private printValue(value: Value, verb: string, depth: number): void {
    this.budget.step(1);
    if (typeof value === 'string') this.string(value, verb);
    else if (typeof value === 'bigint') this.integer(value, verb, value);
    else if (typeof value === 'number') this.float(value, verb, value);
    else if (typeof value === 'boolean') this.boolean(value, verb);
    else if (value === null || value === undefined) this.nil();
    else this.compound(value, verb, depth);
  }

  private compound(value: Value & object, verb: string, depth: number): void {
    this.budget.depth(depth);
    if (value instanceof Dict) this.dict(value, verb, depth);
    else if (value instanceof List) this.list(value, verb, depth);
    else if (value instanceof Sized) this.integer(value.value, verb, value);
    else if (value instanceof Complex) this.complex(value, verb);
    else this.opaque(value, verb);
  }

  private boolean(value: boolean, verb: string): void {
    if (verb === 't' || verb === 'v') this.write(pad(this.flags, String(value), this.budget));
    else this.badVerb(value, verb);
  }

  private nil(): void {
    this.write(this.flags.sharpV ? 'interface {}(nil)' : '<nil>');
  }

  private badVerb(value: Value, verb: string): void {
    this.erroring = true;
    this.write(`%!${verb}(`);
    if (value === undefined || value === null) {
      this.write('<nil>');
    } else {
      this.write(`${typeOf(value)}=`);
      this.printValue(value, 'v', 0);
    }
    this.write(')');
    this.erroring = false;
  }

  private string(value: string, verb: string): void {
    const { flags, budget } = this;
    switch (verb) {
      case 'v':
        this.write(flags.sharpV ? formatQuoted(flags, value, budget) : formatString(flags, value, budget));
        break;
      case 's':
        this.write(formatString(flags, value, budget));
        break;
      case 'x':
      case 'X':
        this.write(formatHex(flags, value, verb === 'X', budget));
        break;
      case 'q':
        this.write(formatQuoted(flags, value, budget));
        break;
      default:
        this.badVerb(value, verb);
    }
  }

  private integer(value: bigint, verb: string, typed: Value): void {
    const { flags, budget } = this;
    switch (verb) {
      case 'v': {
        const unsigned = typed instanceof Sized && (typed.kind === 'uint8' || typed.kind === 'uint64');
        if (flags.sharpV && unsigned) this.write(formatInteger({ ...flags, sharp: true }, value, 'x', budget));
        else this.write(formatInteger(flags, value, 'd', budget));
        break;
      }
      case 'd':
      case 'b':
      case 'o':
      case 'O':
      case 'x':
      case 'X':
        this.write(formatInteger(flags, value, verb, budget));
        break;
      case 'c':
        this.write(formatChar(flags, value, budget));
        break;
      case 'q':
        this.write(formatQuotedChar(flags, value, budget));
        break;
      case 'U':
        this.write(formatUnicode(flags, value, budget));
        break;
      default:
        this.badVerb(typed, verb);
    }
  }

  private float(value: number, verb: string, typed: Value): void {
    const { flags, budget } = this;
    switch (verb) {
      case 'v':
        this.write(formatFloatVerb(flags, value, 'g', -1, budget));
        break;
      case 'b':
      case 'g':
      case 'G':
      case 'x':
      case 'X':
        this.write(formatFloatVerb(flags, value, verb, -1, budget));
        break;
      case 'f':
      case 'e':
      case 'E':
      case 'F':
        this.write(formatFloatVerb(flags, value, verb === 'F' ? 'f' : verb, 6, budget));
        break;
      default:
        this.badVerb(typed, verb);
    }
  }

  private complex(value: Complex, verb: string): void {
    if (!'vbgGxXfFeE'.includes(verb)) {
      this.badVerb(value, verb);
      return;
    }
    const { plus } = this.flags;
    this.write('(');
    this.float(value.real, verb, value);
    this.flags.plus = true;
    this.float(value.imaginary, verb, value);
    this.write('i)');
    this.flags.plus = plus;
  }

  private dict(value: Dict, verb: string, depth: number): void {
    const { sharpV } = this.flags;
    if (sharpV) {
      this.write(typeOf(value));
      if (value.isNil) {
        this.write('(nil)');
        return;
      }
    }
    this.write(sharpV ? '{' : 'map[');
    let first = true;
    for (const key of value.keys()) {
      if (!first) this.write(sharpV ? ', ' : ' ');
      first = false;
      this.printValue(key, verb, depth + 1);
      this.write(':');
      this.printValue(value.get(key), verb, depth + 1);
    }
    this.write(sharpV ? '}' : ']');
  }

  private list(value: List, verb: string, depth: number): void {
    const { sharpV } = this.flags;
    if (value.of === 'uint8' && 'sqxX'.includes(verb)) {
      this.string(byteList(value), verb);
      return;
    }
    if (sharpV) {
      this.write(typeOf(value));
      if (value.isNil) {
        this.write('(nil)');
        return;
      }
    }
    this.write(sharpV ? '{' : '[');
    let first = true;
    for (const item of value.items) {
      if (!first) this.write(sharpV ? ', ' : ' ');
      first = false;
      this.printValue(item, verb, depth + 1);
    }
    this.write(sharpV ? '}' : ']');
  }

  private opaque(value: Opaque, verb: string): void {
    if (this.erroring && verb !== 'v') return;
    if ('vsxXq'.includes(verb)) {
      const { sharpV } = this.flags;
      this.flags.sharpV = false;
      this.string(value.text(), verb);
      this.flags.sharpV = sharpV;
    } else {
      this.badVerb(value, verb);
    }
  }

  /** Addresses differ from run to run in Go; here they are always the same. */
  private pointer(value: Value): void {
    const pointer = value instanceof Dict || value instanceof List;
    if (!pointer) this.badVerb(value, 'p');
    else this.write(formatInteger({ ...this.flags, sharp: !this.flags.sharp }, 0xc000010000n, 'x', this.budget));
  }
}

function byteList(list: List): string {
  return list.items.map((item) => encodeRune(Number(integerOf(item) ?? 0n) & 0x7f)).join('');
}
