import type { Package, ProjectFile } from './projects.ts';

/** Somebody else's project, whose files run as migrations. */
export interface Project {
  readonly name: string;
  readonly from: Package;
  /** In the order in which they run. */
  readonly files: readonly string[];
  /** What the project makes by program before its files: the first migration, which is ours. */
  readonly before?: string;
  /** For a project that writes the order into its files: lower runs first, equal ones in the order of `files`. */
  readonly rank?: (file: ProjectFile) => number;
  /**
   * Files that do not run here at all, each with the code and what the refusal says; none of them runs in part.
   * Everything else runs, or fails as it does in psql: an upgrade of a version whose schema nobody packages any more.
   */
  readonly refused?: Readonly<Record<string, readonly [code: string, says: RegExp]>>;
  /** The project's own program runs each file in a transaction, and so does psql here: a temporary table of one ends with it. */
  readonly inTransactions?: boolean;
  /** How many of the files run. */
  readonly runs: number;
}

const psqlCommands = /commands of psql do not run here/;
const ownTransactions = /would begin or end one\. Put this line at the top.*-- crossfade: no-transaction/;
const unfit = ['E_MIGRATION_UNFIT', ownTransactions] as const;

/** `/* init_order = 2 *\/` of Logto; what has none comes last. */
function initOrder({ bytes }: ProjectFile): number {
  return Number(/init_order = ([\d.]+)/.exec(Buffer.from(bytes).toString())?.[1] ?? 9);
}

const dba = 'usr/share/davical/dba';
const ledger = 'usr/share/ledgersmb/sql';
const radius = 'etc/freeradius/3.0/mods-config/sql';
const zabbix = 'usr/share/zabbix-server-pgsql';
const wiki = 'usr/share/mediawiki';

/** Packages of Debian 12 and of npm: schemas, upgrades and functions, as their authors publish them. */
export const projects: readonly Project[] = [
  {
    name: 'openQA',
    from: { debian: 'openqa' },
    files: ['usr/share/openqa/dbicdh/PostgreSQL/deploy/63/*.sql', 'usr/share/openqa/dbicdh/PostgreSQL/upgrade/*/*.sql'],
    runs: 40,
  },
  {
    name: 'Kamailio',
    from: { debian: 'kamailio-postgres-modules' },
    files: ['usr/share/kamailio/postgres/standard-create.sql', 'usr/share/kamailio/postgres/!(standard)-create.sql'],
    runs: 44,
  },
  {
    name: 'Logto',
    from: { npm: '@logto/schemas@1.43.0' },
    files: ['tables/*.sql'],
    rank: initOrder,
    before: 'CREATE TABLE tenants (id varchar(21) PRIMARY KEY, db_user varchar(128));',
    // Templates: a name in braces is no SQL.
    refused: {
      _after_all: ['E_MIGRATION_SYNTAX', /7:20: syntax error at or near "\{"/],
      _after_each: ['E_MIGRATION_SYNTAX', /3:47: syntax error at or near "\$"/],
      _before_all: ['E_MIGRATION_SYNTAX', /3:27: syntax error at or near "\{"/],
    },
    runs: 80,
  },
  {
    name: 'LedgerSMB',
    from: { debian: 'ledgersmb' },
    files: [`${ledger}/Pg-database.sql`, `${ledger}/changes/*/*.sql`],
    inTransactions: true,
    runs: 45,
  },
  {
    name: 'Roundcube',
    from: { debian: 'roundcube-core' },
    files: ['usr/share/dbconfig-common/data/roundcube/install/pgsql', 'usr/share/roundcube/SQL/postgres/*.sql'],
    runs: 14,
  },
  {
    name: 'MediaWiki',
    from: { debian: 'mediawiki' },
    files: [
      `${wiki}/maintenance/postgres/tables.sql`,
      `${wiki}/maintenance/postgres/tables-generated.sql`,
      `${wiki}/maintenance/postgres/update-keys.sql`,
      `${wiki}/maintenance/postgres/archives/*.sql`,
    ],
    refused: {
      // Its BEGIN has no COMMIT: psql would roll it back at the end of the file.
      tables: unfit,
      'patch-objectcache_keyname-pk': ['E_MIGRATION_SYNTAX', /4:6: syntax error at or near "DEFAULT"/],
    },
    runs: 5,
  },
  {
    name: 'Icinga 2 IDO',
    from: { debian: 'icinga2-ido-pgsql' },
    files: ['usr/share/icinga2-ido-pgsql/schema/pgsql.sql', 'usr/share/icinga2-ido-pgsql/schema/upgrade/*.sql'],
    runs: 4,
  },
  { name: 'Icinga DB', from: { debian: 'icingadb' }, files: ['usr/share/icingadb/schema/pgsql/schema.sql'], runs: 1 },
  {
    name: 'Zabbix',
    from: { debian: 'zabbix-server-pgsql' },
    files: ['schema', 'images', 'double', 'history_pk_prepare', 'timescaledb'].map(
      (file) => `${zabbix}/${file}.sql.gz`,
    ),
    runs: 4,
  },
  {
    name: 'Bacula',
    from: { debian: 'bacula-director-pgsql' },
    files: [
      'usr/share/dbconfig-common/data/bacula-director-pgsql/install/pgsql',
      'usr/share/dbconfig-common/data/bacula-director-pgsql/upgrade/pgsql/*',
    ],
    // Several transactions each, of which the first stands when the second fails.
    refused: { '5.0.0': unfit, '5.2.0': unfit },
    runs: 1,
  },
  {
    name: 'PowerDNS',
    from: { debian: 'pdns-backend-pgsql' },
    files: [
      'usr/share/pdns-backend-pgsql/schema/schema.pgsql.sql',
      'usr/share/pdns-backend-pgsql/schema/[0-9]*.sql',
      'usr/share/pdns-backend-pgsql/schema/*dnssec*.sql',
    ],
    runs: 2,
  },
  {
    // Not its cui and moonshot: they make a default of the moment at which they run, so no two runs are equal.
    name: 'FreeRADIUS',
    from: { debian: 'freeradius-config' },
    files: [
      `${radius}/main/postgresql/schema.sql`,
      `${radius}/main/postgresql/process-radacct.sql`,
      `${radius}/main/postgresql/extras/*.sql`,
      `${radius}/{dhcp,ippool,ippool-dhcp}/postgresql/schema.sql`,
      `${radius}/{ippool,ippool-dhcp}/postgresql/procedure.sql`,
    ],
    // Its comments begin with #, which SQL does not know.
    refused: { 'process-radacct': ['E_MIGRATION_SYNTAX', /1:1: syntax error at or near "#"/] },
    runs: 6,
  },
  { name: 'ejabberd', from: { debian: 'ejabberd' }, files: ['usr/share/ejabberd/sql/pg.sql'], runs: 1 },
  { name: 'ejabberd, new', from: { debian: 'ejabberd' }, files: ['usr/share/ejabberd/sql/pg.new.sql'], runs: 1 },
  {
    name: 'pgTAP',
    from: { debian: 'postgresql-15-pgtap' },
    files: ['usr/share/postgresql/15/extension/pgtap--1.2.0.sql'],
    runs: 1,
  },
  {
    name: 'Tryton',
    from: { debian: 'tryton-server' },
    files: ['usr/lib/python3/dist-packages/trytond/backend/postgresql/init.sql'],
    runs: 1,
  },
  {
    name: 'rsyslog',
    from: { debian: 'rsyslog-pgsql' },
    files: ['usr/share/dbconfig-common/data/rsyslog-pgsql/install/pgsql'],
    runs: 1,
  },
  { name: 'jabberd2', from: { debian: 'jabberd2' }, files: ['usr/share/doc/jabberd2/db-setup.pgsql*'], runs: 1 },
  {
    name: 'DAViCal',
    from: { debian: 'davical' },
    files: [`${dba}/rrule_functions.sql`, `${dba}/caldav_functions.sql`],
    runs: 1,
  },
  {
    name: 'Gammu SMSD',
    from: { debian: 'gammu-smsd' },
    files: ['usr/share/doc/gammu-smsd/examples/pgsql.sql'],
    // CREATE LANGUAGE plpgsql is an error since PostgreSQL 13, here and in psql.
    runs: 0,
  },
  {
    name: 'Bucardo',
    from: { debian: 'bucardo' },
    files: ['usr/share/bucardo/bucardo.schema'],
    refused: { 'bucardo.schema': ['E_MIGRATION_SYNTAX', psqlCommands] },
    runs: 0,
  },
  {
    name: 'Graphile Worker',
    from: { npm: 'graphile-worker@0.17.3' },
    files: ['sql/*.sql'],
    // Templates: :GRAPHILE_WORKER_SCHEMA stands where a name belongs, in all but the last, which holds a comment alone.
    refused: Object.fromEntries(
      Array.from({ length: 18 }, (_, n) => [
        String(n + 1).padStart(6, '0'),
        ['E_MIGRATION_SYNTAX', /syntax error at or near ":"/],
      ]),
    ),
    runs: 1,
  },
];
