import { resolve } from 'node:path';
import { asCrossfadeError, CrossfadeError } from '../core/errors.ts';
import { errorReport } from '../move/build-report.ts';
import { replacePrivate } from '../move/private-file.ts';
import { partsOf } from '../staging/source-name.ts';
import { terminal } from './terminal.ts';

/** What a command knew when an error ended it, for the JSON that it still owes. */
const documents = new WeakMap<CrossfadeError, object>();

/**
 * Runs a command; `document` adds to its error what is known by then. Whatever is thrown leaves as a CrossfadeError.
 *
 * @param told the error that the user is to be told of, where it is another one than was thrown
 */
export async function knowing<T>(
  document: (error: CrossfadeError) => object,
  run: () => Promise<T> | T,
  told: (error: CrossfadeError) => CrossfadeError = (error) => error,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const found = told(asCrossfadeError(error));
    documents.set(found, document(found));
    throw found;
  }
}

/** What every failure says as JSON, whatever the command. */
export function failureOf(error: CrossfadeError): object {
  return { verdict: 'failed', exitCode: error.exitCode, error: errorReport(error) };
}

/**
 * The document of a failure, where the command line asks for one: on standard output with `--json`, in the file of
 * `--report`. The command line is read as it was typed, because wrong use may be the very failure.
 */
export function handFailure(argv: readonly string[], error: CrossfadeError): void {
  const document = documents.get(error) ?? failureOf(error);
  if (asks(argv, '--json')) terminal.json(document);
  const report = reportPath(argv);
  // A file that could not be written is what the failure is about.
  if (report === null || repeats(argv, report) || error.code === 'E_REPORT_UNWRITABLE') return;
  try {
    replacePrivate(report, `${JSON.stringify(document, null, 2)}\n`);
  } catch (unwritable) {
    terminal.note(`The report was not written. ${unwritable instanceof Error ? unwritable.message : ''}`);
  }
}

/** A report replaces the file that it is written to, and that must not be what the command reads. Throws E_USAGE. */
export function refuseReportOverInput(argv: readonly string[]): void {
  const report = reportPath(argv);
  if (report === null || !repeats(argv, report)) return;
  throw new CrossfadeError(
    'E_USAGE',
    `The report would replace ${report}, which the command line names for something else. Nothing was done. Name another file with --report.`,
    { report },
  );
}

/** Whether an option is given; behind `--` there are none. */
function asks(argv: readonly string[], option: string): boolean {
  return optionsOf(argv).includes(option);
}

const reporting = ['move', 'retry'];

/** The value of `--report`, of a command that has the option. */
function reportPath(argv: readonly string[]): string | null {
  const words = optionsOf(argv);
  if (!reporting.includes(words.find((word) => !word.startsWith('-')) ?? '')) return null;
  const at = words.lastIndexOf('--report');
  const apart = at === -1 ? undefined : words[at + 1];
  const joined = words.findLast((word) => word.startsWith('--report='))?.slice('--report='.length);
  const value = apart === undefined || apart.startsWith('--') ? joined : apart;
  return value === undefined || value === '' ? null : value;
}

/** Whether the command line names a file twice. */
function repeats(argv: readonly string[], path: string): boolean {
  const values = argv.map((word) => (word.startsWith('--') ? word.slice(word.indexOf('=') + 1) : partsOf(word).place));
  return values.filter((value) => resolve(value) === resolve(path)).length > 1;
}

function optionsOf(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--');
  return end === -1 ? argv : argv.slice(0, end);
}
