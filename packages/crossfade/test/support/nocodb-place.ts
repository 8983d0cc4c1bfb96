import { suiteSchema } from '../../src/store/suite/suite.ts';

/** A base of a NocoDB that answers at `url`, the real one or the stand-in. */
export interface NocodbPlace {
  readonly url: string;
  readonly token: string;
  readonly base: string;
  /** Whose sessions may write it. */
  readonly account: { readonly email: string; readonly password: string };
  /** Where the records can be removed without a request. */
  readonly clear?: () => void;
}

/** The tables that a mirror keeps beside the collections. */
const ownTitles = ['crossfade_appliers', 'crossfade_guards'];

/** What a test asks or does beside the driver. */
export class PlainNocodb {
  readonly place: NocodbPlace;
  private tables: ReadonlyMap<string, string> = new Map();

  constructor(place: NocodbPlace) {
    this.place = place;
  }

  /** One request; the answer as JSON, whatever its status. */
  async ask(
    method: string,
    path: string,
    body?: unknown,
    who: Readonly<Record<string, string>> = { 'xc-token': this.place.token },
  ): Promise<{ readonly status: number; readonly body: never }> {
    const { url } = this.place;
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { ...who, 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as never };
  }

  /** Where the records of a table are. */
  async path(title: string): Promise<string> {
    if (!this.tables.has(title)) {
      const { body } = await this.ask('GET', `/api/v2/meta/bases/${this.place.base}/tables`);
      const { list } = body as { list: { id: string; title: string }[] };
      this.tables = new Map(list.map((table) => [table.title, table.id]));
    }
    return `/api/v2/tables/${this.tables.get(title)}/records`;
  }

  /** Every record, as the API gives it. */
  async rows(title: string): Promise<Record<string, never>[]> {
    const { body } = await this.ask('GET', `${await this.path(title)}?limit=1000&sort=Id`);
    return (body as { list: Record<string, never>[] }).list;
  }

  async insert(title: string, rows: readonly object[]): Promise<number[]> {
    const { body } = await this.ask('POST', await this.path(title), rows);
    return (body as { Id: number }[]).map(({ Id }) => Id);
  }

  async remove(title: string, ids: readonly number[]): Promise<void> {
    if (ids.length > 0)
      await this.ask(
        'DELETE',
        await this.path(title),
        ids.map((Id) => ({ Id })),
      );
  }

  /** The tables of the suite without a record in it; before the first case they are not there yet. */
  async empty(titles: readonly string[] = [...Object.keys(suiteSchema), ...ownTitles]): Promise<void> {
    if (this.place.clear !== undefined) return this.place.clear();
    await this.path(titles[0]);
    for (const title of titles.filter((each) => this.tables.has(each)))
      for (let rows = await this.rows(title); rows.length > 0; rows = await this.rows(title))
        await this.remove(
          title,
          rows.map(({ Id }) => Id),
        );
  }
}
