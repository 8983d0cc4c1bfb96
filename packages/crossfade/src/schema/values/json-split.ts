/**
 * The parts of a JSON text, each to the letter: what is not understood is kept, and no number is read. The text is known
 * to be JSON; `JsonWalker` is what knows.
 */

/** The members of an object in their order, each name with the text of its value. A name may come twice. */
export function splitObject(text: string): [name: string, value: string][] {
  const members: [string, string][] = [];
  for (let at = text.indexOf('{') + 1; ; ) {
    const name = text.indexOf('"', at);
    if (name < 0) return members;
    const nameEnd = stringEnd(text, name);
    const value = text.indexOf(':', nameEnd) + 1;
    const end = valueEnd(text, value);
    members.push([JSON.parse(text.slice(name, nameEnd)) as string, text.slice(value, end).trim()]);
    if (text[end] === '}') return members;
    at = end + 1;
  }
}

/** The texts of the elements of an array. */
export function* splitArray(text: string): Generator<string, void> {
  for (let at = text.indexOf('[') + 1; ; ) {
    const end = valueEnd(text, at);
    const element = text.slice(at, end).trim();
    // Only an empty array has an element without a text.
    if (element !== '') yield element;
    if (text[end] === ']') return;
    at = end + 1;
  }
}

/** The texts of all numbers of a value, at whatever depth. What stands in strings and names is none. */
export function* numbersIn(text: string): Generator<string, void> {
  const number = /-?\d[\d.eE+-]*/y;
  for (let at = 0; at < text.length; ) {
    const character = text[at];
    if (character === '"') at = stringEnd(text, at);
    else if (character === '-' || (character >= '0' && character <= '9')) {
      number.lastIndex = at;
      const [found] = number.exec(text) ?? [character];
      yield found;
      at += found.length;
    } else at++;
  }
}

/** Where a value ends: at the comma behind it, or at the end of the container. */
function valueEnd(text: string, start: number): number {
  for (let at = start, depth = 0; ; ) {
    const character = text[at];
    if (depth === 0 && (character === ',' || character === '}' || character === ']')) return at;
    if (character === '{' || character === '[') depth++;
    if (character === '}' || character === ']') depth--;
    at = character === '"' ? stringEnd(text, at) : at + 1;
  }
}

/** Behind the closing quote of the string whose opening one stands at `start`. */
function stringEnd(text: string, start: number): number {
  for (let at = start + 1; ; at++) {
    if (text[at] === '"') return at + 1;
    if (text[at] === '\\') at++;
  }
}
