import { benchMigrateLoad } from './migrate-load.ts';
import { benchMigrate } from './migrate.ts';
import { benchMove } from './move.ts';
import { benchStore } from './store.ts';

/** Each bench: its name on the command line and what runs it. */
const benches: Readonly<Record<string, (args: string[]) => Promise<number>>> = {
  move: benchMove,
  'migrate-load': benchMigrateLoad,
  migrate: benchMigrate,
  store: benchStore,
};

const [name = '', ...args] = process.argv.slice(2);
const bench = Object.hasOwn(benches, name) ? benches[name] : undefined;
if (bench === undefined) {
  process.stderr.write(
    `There is no bench ${JSON.stringify(name)}. Nothing was run. Benches: ${Object.keys(benches).join(', ')}.\n`,
  );
  process.exitCode = 2;
} else {
  process.exitCode = await bench(args);
}
