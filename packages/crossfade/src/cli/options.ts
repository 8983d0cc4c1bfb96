import { type Command, InvalidArgumentError, Option } from 'commander';
import { schemaFault } from '../core/names.ts';
import { ruleWords } from '../schema/rules.ts';

/** Tells the process how to end. */
export type Settle = (status: number) => void;

/** Names separated by commas. */
export function list(text: string): string[] {
  const parts = text.split(',').map((part) => part.trim());
  // An empty shell variable must not come to mean every table.
  if (parts.includes('')) throw new InvalidArgumentError('It is a list of names, separated by commas.');
  return parts;
}

/** Gathers the values of an option that may be repeated. */
export const collect = (text: string, before: string[] = []): string[] => [...before, text];

/** How many threads. */
export function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 64)
    throw new InvalidArgumentError('It is a whole number from 1 to 64.');
  return value;
}

/** A number of rows, from 0. */
export function rowCount(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It is a whole number of rows, from 0.');
  return Number(text);
}

/** A name that a schema of the target may have. */
export function schemaName(text: string): string {
  const fault = schemaFault(text);
  if (fault !== null) throw new InvalidArgumentError(`It cannot be used: ${fault}.`);
  return text;
}

/** The schema of the target; every command that takes one refuses the same names. */
export function addSchema(command: Command): Command {
  return command.option('--schema <name>', 'schema of the target', schemaName, 'public');
}

/** What a source may be. */
export const sourceHelp =
  'a SQLite file: its path, or sqlite:PATH; a folder of JSON documents: files:FOLDER; a JSON file: json:FILE; a base of NocoDB: nocodb:URL';

/** What `--rule` takes. */
export const ruleHelp = `TABLE.COLUMN=RULE, more than once if need be; rules: ${ruleWords.join(', ')}`;

/** Which server: the same words for every command. */
export function addTarget(command: Command): Command {
  return command
    .option(
      '--to <url>',
      'PostgreSQL, postgres://user@host/database, without the password (else DATABASE_URL, the libpq variables, or the embedded server)',
    )
    .option('--password-stdin', 'read the password from standard input');
}

/** What of the source, and how it is named and typed. */
export function addMapping(command: Command): Command {
  return command
    .addOption(
      new Option('--names <style>', 'names as they are, or created_at for createdAt')
        .choices(['keep', 'snake'])
        .default('keep'),
    )
    .option('--only <tables>', 'these tables alone, separated by commas', list)
    .option('--except <tables>', 'all tables but these', list)
    .option('--rule <rule>', ruleHelp, collect)
    .option('--plan <file>', 'an edited plan, from crossfade plan')
    .option('--jobs <n>', "threads, each with a connection (default: the machine's cores, at most 4)", count);
}

/** Both sides: a source, and the schema of a server that holds it or is to hold it. */
export function addBothSides(command: Command): Command {
  return addMapping(addSchema(addTarget(command))).option('--show-values', 'show text keys in plain');
}

/** How types are chosen. */
export function addTypes(command: Command): Command {
  return command
    .addOption(
      new Option('--types <mode>', 'rich types, or none made out of text').choices(['rich', 'plain']).default('rich'),
    )
    .option('--gin', 'a GIN index on every jsonb column');
}
