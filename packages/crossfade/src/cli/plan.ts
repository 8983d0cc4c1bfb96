import { resolve } from 'node:path';
import type { Command } from 'commander';
import { CrossfadeError } from '../core/errors.ts';
import { shown } from '../core/printable.ts';
import type { MoveOptions } from '../move/options.ts';
import { plan, planMigrations } from '../move/plan.ts';
import type { PlanFile } from '../move/plan-file.ts';
import { replacePrivate } from '../move/private-file.ts';
import { shortName, sourceName } from '../staging/source-name.ts';
import { failureOf, knowing } from './failing.ts';
import { interruptible } from './interruptible.ts';
import { addMapping, addTypes, schemaName, type Settle, sourceHelp } from './options.ts';
import { terminal } from './terminal.ts';

type PlanOptions = Omit<MoveOptions, 'target' | 'showValues'>;
type Flags = Omit<PlanOptions, 'source' | 'rules'> & {
  rule?: string[];
  out?: string;
  migrations?: string;
  name?: string;
  next?: boolean;
  json?: boolean;
};

/** `crossfade plan SOURCE`: needs no server. */
export function planCommand(program: Command, settle: Settle): void {
  const command = program
    .command('plan')
    .argument('<source>', sourceHelp)
    .description(
      'look at every value and print the editable plan: every column, its type, the evidence, what was not translated',
    );
  addTypes(addMapping(command))
    .option('--schema <name>', 'with --migrations: schema of the tables (default: public)', schemaName)
    .option('--out <file>', 'write the plan there')
    .option('--migrations <folder>', 'write the schema there as migrations, instead of printing the plan')
    .option('--name <name>', "name of the migration (default: the source's)")
    .option('--next', 'take the next number where migrations stand already')
    .option('--json', 'the result as JSON, alone on standard output: the plan, or the files that were written')
    .action(async (source: string, { rule, ...flags }: Flags) => {
      const path = sourceName(source);
      await knowing(
        (error) => ({ ...failureOf(error), source: path, tables: [] }),
        () => interruptible((signal) => runPlan({ ...flags, source: path, rules: rule ?? [], signal }, flags)),
      );
      settle(0);
    });
}

async function runPlan(options: PlanOptions, { out, migrations, name, next, json }: Flags): Promise<void> {
  if (migrations === undefined) {
    if (name !== undefined || next === true || options.schema !== undefined)
      throw new CrossfadeError(
        'E_USAGE',
        '--name, --next and --schema are about migrations. Nothing was done. Name their folder with --migrations.',
      );
    const file = await plan(options);
    if (out === undefined) return terminal.json(file);
    writePlan(out, file);
    return json === true ? terminal.json({ out: resolve(out) }) : undefined;
  }
  const where = { folder: migrations, ...(name === undefined ? {} : { name }), next: next ?? false };
  const command = fillCommand(options);
  const planned = await planMigrations(options, where, command);
  if (out !== undefined) writePlan(out, planned.plan);
  if (json === true) terminal.json({ files: planned.files, fillWith: command });
  else for (const file of planned.files) terminal.say(shown(file));
  const later = planned.files.length > 2 ? `, then ${planned.files[2]}` : '';
  terminal.note(shown(`Run ${planned.files[0]}, then: ${command}${later}`));
}

function writePlan(out: string, file: PlanFile): void {
  replacePrivate(out, `${JSON.stringify(file, null, 2)}\n`);
  terminal.note(shown(`The plan stands in ${out}. Edit it, and use it with: crossfade move SOURCE --plan ${out}`));
}

/** The move that fills the tables: with the options that decide which tables, names and values there are. */
function fillCommand(options: PlanOptions): string {
  const { schema, names, types, only, except, rules, plan: edited } = options;
  const words = [
    'crossfade',
    'move',
    shortName(options.source),
    ...(schema === undefined || schema === 'public' ? [] : ['--schema', schema]),
    ...(names === 'snake' ? ['--names', names] : []),
    ...(types === 'plain' ? ['--types', types] : []),
    ...(only === undefined ? [] : ['--only', only.join(',')]),
    ...(except === undefined ? [] : ['--except', except.join(',')]),
    ...(rules ?? []).flatMap((rule) => ['--rule', rule]),
    ...(edited === undefined ? [] : ['--plan', edited]),
  ];
  return words.map(shellWord).join(' ');
}

function shellWord(text: string): string {
  return /^[\w./:=,@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
