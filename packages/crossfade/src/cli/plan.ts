import type { Command } from 'commander';
import type { MoveOptions } from '../move/options.ts';
import { plan } from '../move/plan.ts';
import { replacePrivate } from '../move/withheld.ts';
import { addMapping, addTypes, type Settle } from './options.ts';
import { terminal } from './terminal.ts';

type Flags = Omit<MoveOptions, 'source' | 'target' | 'schema' | 'rules' | 'showValues'> & {
  rule?: string[];
  out?: string;
};

/** `crossfade plan SOURCE`: needs no server. */
export function planCommand(program: Command, settle: Settle): void {
  const command = program
    .command('plan')
    .argument('<source>', 'a SQLite file: its path, or sqlite:PATH')
    .description(
      'look at every value and print the editable plan: every column, its type, the evidence, what was not translated',
    );
  addTypes(addMapping(command))
    .option('--out <file>', 'write the plan there')
    .action(async (source: string, { rule, out, ...flags }: Flags) => {
      const file = await plan({ ...flags, source, rules: rule ?? [] });
      if (out === undefined) terminal.json(file);
      else {
        replacePrivate(out, `${JSON.stringify(file, null, 2)}\n`);
        terminal.note(`The plan stands in ${out}. Edit it, and use it with: crossfade move SOURCE --plan ${out}`);
      }
      settle(0);
    });
}
