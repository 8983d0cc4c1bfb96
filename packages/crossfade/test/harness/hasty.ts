/**
 * Settings that make thousands of small databases cheap. Nobody would miss them after a power failure, and dropping a
 * table or a database looks through all shared buffers.
 */
export const hasty: Readonly<Record<string, string>> = {
  fsync: 'off',
  full_page_writes: 'off',
  shared_buffers: '32MB',
};
