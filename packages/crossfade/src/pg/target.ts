/** A PostgreSQL server to connect to: plain data, so that it can be handed to a worker. Printing it never shows the password: use `display`. */
export interface Target {
  /** A name, an address, or a folder (leading `/`) that holds the server's Unix socket. */
  readonly host: string;
  /** Connect here instead of asking the resolver; TLS still checks `host`. As libpq's hostaddr. */
  readonly hostAddress?: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly password?: string;
  readonly tls: TlsMode;
  /** Paths of PEM files, as sslrootcert, sslcert and sslkey name them. `ca` may be `system`: the machine's own store. */
  readonly tlsFiles?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  /** Ties the login to the TLS session, as libpq's channel_binding. Default `disable`, since `verify-full` has proved the server already. */
  readonly channelBinding?: ChannelBinding;
  /** Until the session is ready for use. Default `connectTimeoutMs` of connect.ts. */
  readonly connectTimeoutMs?: number;
  /** What the user should know before data goes there; each a sentence. */
  readonly warnings?: readonly string[];
  /** `postgres://user@host:port/database`, for people and reports. */
  readonly display: string;
}

/** libpq's sslmode, without `allow`: it prefers plain text. */
export type TlsMode = 'disable' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';

/** libpq's channel_binding. */
export type ChannelBinding = 'disable' | 'prefer' | 'require';

/** A Unix socket: no network, hence no TLS. */
export function isSocket(host: string): boolean {
  return host.startsWith('/');
}

/** Whether traffic to this host stays on the machine. Names are compared, not resolved: a resolver can be lied to. */
export function isLocal(host: string): boolean {
  return isSocket(host) || host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
