import { constants } from 'node:buffer';
import { limits } from '../core/limits.ts';

const number = /-?[0-9][0-9.eE+-]*/y;
const colon = /\s*:/y;

/**
 * Whether json, or jsonb, can hold a text exactly. Asked only in columns where the user ordered NULL for what cannot be
 * held: elsewhere such a text shows itself, because no value of PostgreSQL has its digest.
 */
export function holdsJson(bytes: Buffer, binary: boolean): boolean {
  // Too long for JavaScript to parse: whatever stands in the target is compared with it byte by byte.
  if (bytes.length > constants.MAX_STRING_LENGTH) return true;
  const text = bytes.toString('utf8');
  try {
    JSON.parse(text);
  } catch {
    return false;
  }
  // The keys met in every open object, null for an array.
  const open: (Set<string> | null)[] = [];
  for (let p = 0; p < text.length; p++) {
    const c = text[p];
    if (c === '{' || c === '[') open.push(c === '{' ? new Set() : null);
    else if (c === '}' || c === ']') open.pop();
    else if (c === '"') {
      const end = stringEnd(text, p);
      colon.lastIndex = end;
      const keys = colon.test(text) ? (open.at(-1) ?? null) : null;
      if (binary && !holdsString(JSON.parse(text.slice(p, end)), keys)) return false;
      p = end - 1;
    } else {
      number.lastIndex = p;
      const token = number.exec(text)?.[0];
      if (token === undefined) continue;
      if (binary && !holdsNumber(token)) return false;
      p += token.length - 1;
    }
    if (open.length > limits.jsonDepthMax) return false;
  }
  return true;
}

/** Behind the closing quote, which is the first one with an even number of backslashes before it. */
function stringEnd(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text[end - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return end + 1;
  }
}

/** `keys` are those of the object so far, when the string is a key. */
function holdsString(value: string, keys: Set<string> | null): boolean {
  if (value.includes('\0') || !value.isWellFormed() || keys?.has(value)) return false;
  keys?.add(value);
  return true;
}

/** jsonb has no -0, and spells out or refuses what is too large or too small for a double. */
function holdsNumber(token: string): boolean {
  const value = Number(token);
  if (value === 0) return !token.startsWith('-') && !/[1-9]/.test(token.split(/e/i)[0]);
  return Number.isFinite(value) && token.length <= 16_000;
}
