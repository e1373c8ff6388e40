// The other end of script.rs: JSON values, one a line.

import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

/// Loads a package that tests/run has installed.
export const need = createRequire(process.env.VESTIBULE_TEST_NODE + '/');

const told = [];
const waiting = [];
const input = createInterface({ input: process.stdin });
input.on('line', (line) => (waiting.length ? waiting.shift()(JSON.parse(line)) : told.push(JSON.parse(line))));
input.on('close', () => process.exit(1));

export function hear() {
  return told.length ? Promise.resolve(told.shift()) : new Promise((resolve) => waiting.push(resolve));
}

export function tell(value) {
  process.stdout.write(JSON.stringify(value) + '\n');
}

/// Ends the script; whatever it has begun ends with it.
export function finish() {
  tell('done');
  process.exit(0);
}
