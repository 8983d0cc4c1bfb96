import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { certificateAuthority } from '../../test/harness/certificates.ts';
import { tempFolder } from '../../test/harness/folders.ts';
import { connect } from './connect.ts';
import type { Target } from './target.ts';

/** Nothing listens there: what is refused is refused before that matters. */
const nowhere: Target = {
  host: '127.0.0.1',
  port: 1,
  user: 'u',
  database: 'd',
  tls: 'require',
  display: 'postgres://u@127.0.0.1:1/d',
};
const other = certificateAuthority('Another CA');
const usable = certificateAuthority('Crossfade test CA').issue('client');

test.each([
  ['a CA that is not there', { ca: '/no/such/file' }, 'cannot be read'],
  ['a CA that is none', { ca: 'text' }, 'holds no certificate'],
  ['a key that others can read', { cert: 'cert', key: 'open-key' }, 'chmod 600'],
  ['a key of another certificate', { cert: 'cert', key: 'other-key' }, 'belong together'],
])('%s is refused before anything is sent', async (_, files, words) => {
  const folder = tempFolder();
  writeFileSync(join(folder, 'text'), 'no certificate');
  writeFileSync(join(folder, 'cert'), usable.cert);
  writeFileSync(join(folder, 'open-key'), usable.key, { mode: 0o644 });
  writeFileSync(join(folder, 'other-key'), other.key, { mode: 0o600 });
  const tlsFiles = Object.fromEntries(
    Object.entries(files).map(([key, name]) => [key, name.startsWith('/') ? name : join(folder, name)]),
  );
  await expect(connect({ ...nowhere, tlsFiles })).rejects.toMatchObject({
    code: 'E_TARGET_TLS',
    message: expect.stringContaining(words),
  });
});
