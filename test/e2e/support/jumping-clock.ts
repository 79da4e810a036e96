import { readFileSync } from 'node:fs';

// Loaded before the agent (`node --import`): its wall clock is the real one plus what a file says, in milliseconds, read
// at the start and on SIGUSR2. Whoever sets the clock of a machine moves no monotonic clock either.

const file = process.env['HANDSPEGEL_E2E_CLOCK'] ?? '';
const RealDate = Date;
let offset = Number(readFileSync(file, 'utf8'));
process.on('SIGUSR2', () => {
  offset = Number(readFileSync(file, 'utf8'));
});

class JumpingDate extends RealDate {
  constructor(...args: readonly [] | readonly [string | number | Date]) {
    if (args.length === 0) super(RealDate.now() + offset);
    else super(args[0]);
  }

  static override now(): number {
    return RealDate.now() + offset;
  }
}
globalThis.Date = JumpingDate as DateConstructor;
