import type { Finding } from './finding.ts';
import { ident } from './sql.ts';

/** One setting of the server, and what makes it worth a word. */
interface Check {
  readonly name: string;
  readonly area: Finding['area'];
  readonly ok: 'warn' | 'bad';
  readonly worrying: (value: string) => boolean;
  readonly why: string;
  readonly better: string;
  /** A superuser can set it for one role; the others are for the whole server. */
  readonly byRole: boolean;
}

const healthReason = 'Rows may hold health data, and a log is read by more people and kept longer than a table.';

/** Read once from a server's own defaults, so that what our own session sets does not hide them. */
const checks: readonly Check[] = [
  {
    name: 'fsync',
    area: 'durability',
    ok: 'bad',
    worrying: (value) => value === 'off',
    why: 'A crash of the machine can destroy the whole cluster after the move has reported success.',
    better: 'on',
    byRole: false,
  },
  {
    name: 'full_page_writes',
    area: 'durability',
    ok: 'bad',
    worrying: (value) => value === 'off',
    why: 'A crash in the middle of a page write leaves damaged pages behind.',
    better: 'on',
    byRole: false,
  },
  {
    name: 'synchronous_commit',
    area: 'durability',
    ok: 'warn',
    worrying: (value) => value === 'off',
    why: 'A crash loses commits that were acknowledged. Crossfade turns it on for its own sessions; the application that follows does not.',
    better: 'on',
    byRole: true,
  },
  {
    name: 'zero_damaged_pages',
    area: 'durability',
    ok: 'bad',
    worrying: (value) => value === 'on',
    why: 'Damaged rows disappear without an error.',
    better: 'off',
    byRole: true,
  },
  {
    name: 'ignore_checksum_failure',
    area: 'durability',
    ok: 'bad',
    worrying: (value) => value === 'on',
    why: 'Damaged rows are read without an error.',
    better: 'off',
    byRole: true,
  },
  {
    name: 'log_statement',
    area: 'privacy',
    ok: 'warn',
    worrying: (value) => value === 'all' || value === 'mod',
    why: `Statements go to the server's log with the values in them. ${healthReason}`,
    better: 'ddl',
    byRole: true,
  },
  {
    name: 'log_min_error_statement',
    area: 'privacy',
    ok: 'warn',
    worrying: (value) => !['log', 'fatal', 'panic'].includes(value),
    why: `A statement that fails goes to the server's log with the values in it. ${healthReason}`,
    better: 'panic',
    byRole: true,
  },
  {
    name: 'log_error_verbosity',
    area: 'privacy',
    ok: 'warn',
    worrying: (value) => value !== 'terse',
    why: `The detail of an error, such as the failing row or line of a COPY, goes to the server's log. ${healthReason}`,
    better: 'terse',
    byRole: true,
  },
  {
    name: 'log_parameter_max_length_on_error',
    area: 'privacy',
    ok: 'warn',
    worrying: (value) => value !== '0',
    why: `The parameters of a statement that fails go to the server's log. ${healthReason}`,
    better: '0',
    byRole: true,
  },
  {
    name: 'temp_file_limit',
    area: 'capacity',
    ok: 'warn',
    worrying: (value) => value !== '-1',
    why: 'Building an index of a large table sorts in temporary files, and fails at this limit.',
    better: '-1',
    byRole: true,
  },
];

/** @param used connections of clients that are open now, this one included. */
export function settingFindings(settings: ReadonlyMap<string, string>, role: string, used: number): Finding[] {
  const worries = checks.filter(({ name, worrying }) => worrying(settings.get(name) ?? '') && settings.has(name));
  const findings = worries.map((check) => worry(check, settings.get(check.name) ?? '', role));
  if (!worries.some(({ area }) => area === 'durability')) {
    findings.push({
      area: 'durability',
      ok: 'ok',
      what: 'What is committed survives a crash: fsync, full_page_writes and synchronous_commit are on.',
      fix: '',
    });
  }
  return [...findings, connectionFinding(settings, used), diskFinding(settings)];
}

function worry({ name, area, ok, why, better, byRole }: Check, value: string, role: string): Finding {
  const where = byRole
    ? `ALTER ROLE ${ident(role)} SET ${name} = '${better}';`
    : `ALTER SYSTEM SET ${name} = '${better}'; then reload.`;
  return { area, ok, what: `${name} is ${value}. ${why}`, fix: `As a superuser: ${where}` };
}

/** A move opens one connection a worker, one for itself, and as many again while it verifies. */
const connectionsMin = 4;

function connectionFinding(settings: ReadonlyMap<string, string>, used: number): Finding {
  const number = (name: string): number => Number(settings.get(name) ?? 0);
  const most = number('max_connections') - number('superuser_reserved_connections') - number('reserved_connections');
  const free = Math.max(0, most - used);
  const what = `${free} of ${most} connections are free.`;
  return {
    area: 'capacity',
    ok: free < connectionsMin ? 'warn' : 'ok',
    what,
    fix: free < connectionsMin ? 'Use --jobs 1, end other sessions, or raise max_connections.' : '',
  };
}

/** The server tells an ordinary role nothing of its disk, so this is advice and not a measurement. */
function diskFinding(settings: ReadonlyMap<string, string>): Finding {
  const archived = settings.get('archive_mode') !== 'off';
  const wal = archived ? ' WAL is archived: the archive grows by about as much again.' : '';
  const place = settings.get('temp_tablespaces') || 'the default tablespace';
  return {
    area: 'capacity',
    ok: 'ok',
    what: `Keep three times the source's size free on the server; sorting for indexes takes place in ${place}.${wal}`,
    fix: '',
  };
}
