import { asCrossfadeError, type CrossfadeError } from '../core/errors.ts';
import { errorReport } from '../move/build-report.ts';
import { replacePrivate } from '../move/private-file.ts';
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
  const report = valueOf(argv, '--report');
  // A file that could not be written is what the failure is about.
  if (report === null || error.code === 'E_REPORT_UNWRITABLE') return;
  try {
    replacePrivate(report, `${JSON.stringify(document, null, 2)}\n`);
  } catch {
    terminal.note(`The report ${report} could not be written.`);
  }
}

/** Whether an option is given; behind `--` there are none. */
function asks(argv: readonly string[], option: string): boolean {
  return optionsOf(argv).includes(option);
}

function valueOf(argv: readonly string[], option: string): string | null {
  const words = optionsOf(argv);
  const joined = words.findLast((word) => word.startsWith(`${option}=`))?.slice(option.length + 1);
  const apart = words[words.lastIndexOf(option) + 1];
  const value = words.includes(option) && apart !== undefined && !apart.startsWith('--') ? apart : joined;
  return value === undefined || value === '' ? null : value;
}

function optionsOf(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--');
  return end === -1 ? argv : argv.slice(0, end);
}
