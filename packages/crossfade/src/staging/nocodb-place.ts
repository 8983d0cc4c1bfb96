import { CrossfadeError } from '../core/errors.ts';

/** A base of a NocoDB. */
export interface NocodbPlace {
  /** Where NocoDB answers, without a path of its API. */
  readonly url: string;
  /** The base's id. */
  readonly base: string;
}

/**
 * The place of `nocodb:` as reports and lists may have it: `https://host/BASE`. The address that a browser shows of a base
 * (`https://host/dashboard/#/nc/BASE/TABLE`) is taken too. What could be a secret becomes stars, and what is no address at
 * all does as well, since nobody knows what it is; `nocodbPlace` refuses both.
 */
export function nocodbName(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) return '***';
  const shown = url.hash.split('/').find((part) => /^p[a-z0-9]{6,}$/.test(part));
  const path = shown === undefined ? url.pathname : `${url.pathname.replace(/\/(dashboard\/?)?$/, '')}/${shown}`;
  const hasSecret = url.username !== '' || url.password !== '' || url.search !== '';
  return `${url.protocol}//${hasSecret ? '***@' : ''}${url.host}${path.replace(/(?<!\/)\/+$/, '')}`;
}

/** Takes such a name apart. @throws CrossfadeError E_USAGE, E_SECRET_IN_ARGV */
export function nocodbPlace(name: string): NocodbPlace {
  const found = /^(https?:\/\/[^/]+(?:\/.*)?)\/(\w+)$/.exec(name);
  if (name.includes('***@'))
    throw new CrossfadeError(
      'E_SECRET_IN_ARGV',
      'The address of NocoDB has a user, a password or a query in it, which every process of this machine can read. Nothing was done. Name it as nocodb:https://HOST/BASE, give an API token in NOCODB_TOKEN, and change what was shown.',
    );
  if (found !== null) return { url: found[1], base: found[2] };
  throw new CrossfadeError(
    'E_USAGE',
    'A base of NocoDB is named nocodb:https://HOST/BASE, by the id that stands in the address of its pages (p…). Nothing was done.',
  );
}

/** The API token, which is given in NOCODB_TOKEN alone. @throws CrossfadeError E_USAGE, without repeating it */
export function nocodbToken(): string {
  const token = process.env.NOCODB_TOKEN ?? '';
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new CrossfadeError(
    'E_USAGE',
    `NOCODB_TOKEN ${token === '' ? 'is not set' : 'holds something that is no token'}. Nothing was done. Make an API token in NocoDB (Account, Tokens), and set the variable to it.`,
  );
}
