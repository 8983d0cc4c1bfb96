/**
 * The title of a field's column: the field's name. NocoDB cannot read a table in which a column is called as what every
 * object of JavaScript has, `constructor` say, and answers an error to a write that it has made there.
 */
export function titleOf(field: string): string {
  return field in Object.prototype ? `${field}_` : field;
}
