import { printable, printableJson } from '../core/printable.ts';

/**
 * Where a command writes. Every line passes through `printable`, because names come out of files. A text of several
 * lines is made of a report that is `shown` already.
 */
export const terminal = {
  /** The command's result, on stdout. */
  say(text: string): void {
    process.stdout.write(`${text.split('\n').map(printable).join('\n')}\n`);
  },
  /** SQL, as it stands so that it can go on to psql; where people look, what could move the cursor is shown as its code point. */
  sql(text: string): void {
    const shown = process.stdout.isTTY
      ? text
          .split(/\r?\n/)
          .map((line) => line.split('\t').map(printable).join('\t'))
          .join('\n')
      : text;
    process.stdout.write(`${shown}\n`);
  },
  /** What happens meanwhile, and what went wrong, on stderr. */
  note(text: string): void {
    process.stderr.write(`${text.split('\n').map(printable).join('\n')}\n`);
  },
  /** JSON, alone on stdout. What could move the cursor is escaped. */
  json(value: unknown): void {
    const json = JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? part.toString() : part), 2);
    process.stdout.write(`${printableJson(json)}\n`);
  },
};
