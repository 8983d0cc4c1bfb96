import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { absorb, absorbBytes, absorbWords, begin, digester, domain, finish, seedBytes } from './mix.ts';

const d = digester(randomBytes(seedBytes), 1);

function digestOf(bytes: Uint8Array, start = 0, end = bytes.length): string {
  begin(d.state, d.key, domain.bytes);
  absorbBytes(d.state, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), start, end);
  finish(d.state);
  return `${d.state[0]},${d.state[1]}`;
}

test('a digest depends on the bytes alone, not on where they lie', () => {
  const bytes = randomBytes(37);
  for (const offset of [1, 2, 3, 4, 5]) {
    const moved = Buffer.concat([Buffer.alloc(offset), bytes, Buffer.from('behind')]);
    expect(digestOf(moved, offset, offset + 37)).toBe(digestOf(bytes));
  }
});

test('absorbing words one by one and together is the same', () => {
  const words = new Int32Array(randomBytes(40).buffer.slice(0, 40));
  const state = (feed: (s: Int32Array) => void): number[] => {
    begin(d.state, d.key, domain.row);
    feed(d.state);
    return [...d.state];
  };
  expect(state((s) => absorbWords(s, words, 2, 9))).toEqual(
    state((s) => words.slice(2, 9).forEach((word) => absorb(s, word))),
  );
});

test('lengths count: zero bytes at the end make another digest each', () => {
  const digests = Array.from({ length: 40 }, (_, length) => digestOf(Buffer.alloc(length)));
  expect(new Set(digests).size).toBe(40);
});

test('another seed gives another digest, and a seed of another length is refused', () => {
  const other = digester(randomBytes(seedBytes), 1);
  begin(other.state, other.key, domain.bytes);
  finish(other.state);
  begin(d.state, d.key, domain.bytes);
  finish(d.state);
  expect([other.state[0], other.state[1]]).not.toEqual([d.state[0], d.state[1]]);
  expect(() => digester(randomBytes(16), 1)).toThrow(TypeError);
});

test('each bit of the input turns each bit of the digest about half of the time', () => {
  const samples = 400;
  const turned = new Float64Array(64);
  for (let i = 0; i < samples; i++) {
    const bytes = randomBytes(12);
    const before = digestOf(bytes).split(',').map(Number);
    bytes[i % 12] ^= 1 << (i & 7);
    const after = digestOf(bytes).split(',').map(Number);
    for (let bit = 0; bit < 64; bit++) turned[bit] += ((before[bit >> 5] ^ after[bit >> 5]) >>> (bit & 31)) & 1;
  }
  // Seven standard deviations: a fair coin is outside of them once in 10^11.
  for (const count of turned) expect(Math.abs(count - samples / 2)).toBeLessThan(7 * Math.sqrt(samples / 4));
});

test('half a million texts that differ in little have half a million digests, in either word nearly as many', () => {
  const texts = 500_000;
  const both = new Set<string>();
  const halves = [new Set<number>(), new Set<number>()];
  const bytes = Buffer.alloc(16, 'id-0000000000000');
  for (let i = 0; i < texts; i++) {
    bytes.writeUInt32LE(i, 4 * (i % 3));
    const digest = digestOf(bytes);
    both.add(digest);
    digest.split(',').forEach((word, half) => halves[half].add(Number(word)));
  }
  expect(both.size).toBe(texts);
  // Of 2^32 values so many meet by chance about 29 times.
  for (const half of halves) expect(texts - half.size).toBeLessThan(100);
});

test('a turned highest bit and the bit that it becomes do not cancel', () => {
  const base = randomBytes(8);
  const seen = new Set<string>([digestOf(base)]);
  for (let bit = 0; bit < 32; bit++) {
    for (let other = 0; other < 32; other++) {
      const changed = Buffer.from(base);
      changed.writeInt32LE(base.readInt32LE(0) ^ (1 << bit), 0);
      changed.writeInt32LE(base.readInt32LE(4) ^ (1 << other), 4);
      seen.add(digestOf(changed));
    }
  }
  expect(seen.size).toBe(32 * 32 + 1);
});
