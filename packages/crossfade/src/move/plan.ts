import type { MoveOptions } from './options.ts';
import { type PlanFile, planOf } from './plan-file.ts';
import { prepare } from './prepare.ts';
import { defaultJobs, openSource } from './source.ts';

/** What decides a plan; the rest of a move's options is about the target or the run. */
export type PlanOptions = Pick<
  MoveOptions,
  'source' | 'names' | 'types' | 'only' | 'except' | 'rules' | 'gin' | 'plan' | 'jobs' | 'onProgress'
>;

/** Looks at every value of a source and returns the plan of its move, to be edited. Needs no server and writes nothing. */
export async function plan(options: PlanOptions): Promise<PlanFile> {
  const source = await openSource(options.source, options.jobs ?? defaultJobs(), null);
  try {
    const { design, profiles } = await prepare(null, source, options, 'public');
    return planOf(design, profiles);
  } finally {
    await source.close();
  }
}
