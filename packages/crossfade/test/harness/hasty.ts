/**
 * Settings that make thousands of small databases cheap. Nobody would miss them after a power failure, and dropping a
 * table or a database looks through all shared buffers.
 */
export const hasty: Readonly<Record<string, string>> = {
  fsync: 'off',
  full_page_writes: 'off',
  shared_buffers: '32MB',
};

/** Whether a finding of doctor is about one of them, and so about the tests' server alone. */
export function isAboutHaste({ what }: { readonly what: string }): boolean {
  return Object.keys(hasty).some((name) => what.startsWith(`${name} is `));
}
