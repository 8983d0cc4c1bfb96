/** How Crossfade stands to one rule of squawk. */
export interface Counterpart {
  /** Ours that stand on the same statement: any one of them. Empty where we do not follow. */
  readonly codes: readonly string[];
  /** Why we do not follow, or not everywhere. */
  readonly unless?: string;
  /** The files of `sql/` where we do not follow; without it, where there are no codes, all. */
  readonly except?: readonly string[];
}

const robust = ['not-repeatable', 'invalid-index-kept', 'transaction-left-open', 'needs-no-transaction'];

const scans = [
  'foreign-key-scans',
  'check-scans',
  'set-not-null-scans',
  'unique-builds-index',
  'primary-key-builds-index',
  'exclude-builds-index',
  'validate-in-same-transaction',
];

/** Every rule of squawk 2.61, and ours that answers it. */
export const counterparts: Readonly<Record<string, Counterpart>> = {
  'require-concurrent-index-creation': {
    codes: ['create-index-blocks'],
    unless: 'A materialized view that the same file makes is nobody’s yet, as a table is.',
    except: ['views'],
  },
  'require-concurrent-index-deletion': { codes: ['drop-index-blocks'] },
  'require-concurrent-partition-detach': { codes: ['detach-partition-blocks'] },
  'require-concurrent-reindex': { codes: ['reindex-blocks'] },
  'constraint-missing-not-valid': {
    codes: scans,
  },
  'adding-field-with-default': {
    codes: ['add-column-volatile-default', 'add-column-stored', 'add-column-serial'],
  },
  'adding-foreign-key-constraint': { codes: ['foreign-key-scans', 'foreign-key-unindexed'] },
  'changing-column-type': {
    codes: ['change-type-rewrites', 'change-type-loses'],
    unless: 'Where a migration tells the old type and PostgreSQL changes it without touching a row, nothing is slow.',
    except: ['change-type-varchar-wider'],
  },
  'adding-not-nullable-field': { codes: ['set-not-null-scans', 'add-column-not-null'] },
  'adding-required-field': { codes: ['add-column-not-null'] },
  'adding-serial-primary-key-field': {
    codes: ['add-column-serial', 'primary-key-builds-index'],
    unless: 'A table that the same file has made has no rows to index, as in every dump of pg_dump.',
    except: ['pg-dump'],
  },
  'renaming-column': { codes: ['rename-column'] },
  'renaming-table': { codes: ['rename-table'] },
  'disallowed-unique-constraint': { codes: ['unique-builds-index'] },
  'ban-drop-database': { codes: ['drop-database'] },
  'ban-drop-column': { codes: ['drop-column'] },
  'ban-drop-table': {
    codes: ['drop-table'],
    unless: 'A table that the same file has made was never in use.',
    except: ['temporary'],
  },
  'ban-drop-not-null': { codes: ['drop-not-null'] },
  'ban-char-field': {
    codes: ['char-padded'],
    unless: 'It takes character varying for character, which pads; text and character varying do not.',
    except: ['rails', 'typeorm', 'pg-dump'],
  },
  'ban-concurrent-index-creation-in-transaction': { codes: ['needs-no-transaction'] },
  'ban-create-domain-with-constraint': { codes: ['domain-constraint'] },
  'ban-alter-domain-with-add-constraint': { codes: ['domain-constraint'] },
  'ban-truncate-cascade': { codes: ['truncate'] },
  'ban-uncommitted-transaction': { codes: ['transaction-left-open'] },
  'transaction-nesting': {
    codes: ['transaction-in-file'],
    unless: 'BEGIN and COMMIT around the whole file are the transaction that the runner makes of it.',
    except: ['begin'],
  },
  'identifier-too-long': { codes: ['name-cut'] },
  'require-enum-value-ordering': { codes: ['enum-value-order'] },
  'prefer-repack': { codes: ['table-rewritten'] },
  'prefer-identity': { codes: ['serial-type', 'add-column-serial'] },
  'prefer-text-field': { codes: ['varchar-limit'] },
  'prefer-timestamp-tz': { codes: ['timestamp-without-zone'] },
  'prefer-robust-stmts': {
    codes: robust,
    unless: 'DETACH PARTITION CONCURRENTLY has no form that could be repeated, and says itself how to go on.',
    except: ['detach-concurrently'],
  },
  'syntax-error': { codes: ['syntax-error'] },
  'unused-ignore': { codes: ['silence-unused'] },
  'prefer-bigint-over-int': {
    codes: ['int-key', 'add-column-serial'],
    unless:
      'A key runs out; a count of visits or an age does not, and a warning at each of them hides the one at the key.',
    except: ['django', 'pg-dump', 'prisma', 'temporary', 'typeorm', 'types-added'],
  },
  'prefer-bigint-over-smallint': {
    codes: ['int-key'],
    unless: 'As with integers: only keys run out, and those are found.',
    except: ['add-column-check'],
  },
  'require-lock-timeout': {
    codes: [],
    unless: 'The runner sets lock_timeout for every file and tries again: no file needs to.',
  },
  'require-statement-timeout': {
    codes: [],
    unless:
      'A limit on the whole statement kills the long and harmless one, such as CREATE INDEX CONCURRENTLY, half way.',
  },
  'require-table-schema': {
    codes: [],
    unless: 'Off in squawk too unless asked for: files without a schema run in the one that --schema names.',
  },
};
