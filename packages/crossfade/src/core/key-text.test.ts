import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { displayKey, keyFact, plainKey } from './key-text.ts';

const name = { text: Buffer.from('Ada Lovelace') };

/** What another process, as another run is, shows of the same key. */
function elsewhere(): string {
  const module = new URL('./key-text.ts', import.meta.url).href;
  const program = `import { displayKey } from ${JSON.stringify(module)};
    console.log(displayKey([{ text: Buffer.from('Ada Lovelace') }]));`;
  return execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' }).trim();
}

test('text in a key is shown as a digest with its length, equal for equal text in one run, and another in the next', () => {
  const shown = displayKey([name]);
  expect(shown).toMatch(/^key #[0-9a-f]{12} \(12 bytes\)$/);
  expect(displayKey([{ text: Buffer.from('Ada Lovelace') }])).toBe(shown);
  expect(displayKey([{ text: Buffer.from('Ada Lovelacf') }])).not.toBe(shown);
  const others = [elsewhere(), elsewhere()];
  for (const other of others) expect(other).toMatch(/^key #[0-9a-f]{12} \(12 bytes\)$/);
  expect(new Set([shown, ...others]).size).toBe(3);
});

test('bytes are hidden like text, and numbers are shown, so that a row can be found', () => {
  expect(displayKey([7n])).toBe('rowid 7');
  expect(displayKey([{ blob: Buffer.from('ab') }, 7n, 1.5])).toMatch(/^key #[0-9a-f]{12} \(2 bytes\), 7, 1.5$/);
  expect(keyFact(['ab', 7, 7n])).toEqual([expect.stringMatching(/^#[0-9a-f]{12} \(2 bytes\)$/), '7', '7']);
});

test('a file of its owner alone has the key in plain', () => {
  expect(plainKey([name, 7n])).toBe('key "Ada Lovelace", 7');
  expect(plainKey([{ blob: Buffer.from('ab') }])).toBe("key x'6162'");
});
