import type { DualColumnsOptions } from '../../src/migrate/expand/dual-columns.ts';

/** DiabRisk's features: 13 flags of 0 and 1, one code, seven numbers. */
const flags = ['HighBP', 'HighChol', 'CholCheck', 'Smoker', 'Stroke', 'HeartDiseaseorAttack', 'PhysActivity', 'Fruits'];
flags.push('Veggies', 'HvyAlcoholConsump', 'AnyHealthcare', 'NoDocbcCost', 'DiffWalk');
const amounts = ['BMI', 'GenHlth', 'MentHlth', 'PhysHlth', 'Age', 'Education', 'Income'];
const snake = (key: string): string => key.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase();

/** The features of version 1, different for every n. */
export function featuresV1(n: number): Record<string, number> {
  const parts = [...flags.map((key, i) => [key, (n >> i) & 1]), ...amounts.map((key, i) => [key, (n % 5) + i + 1])];
  return { ...(Object.fromEntries(parts) as Record<string, number>), Sex: n % 2 };
}

/** The same person in version 2: other names, true and false, a word for the sex. */
export function featuresV2(n: number): Record<string, number | boolean | string> {
  const v1 = featuresV1(n);
  const parts = [...flags.map((key) => [snake(key), v1[key] === 1]), ...amounts.map((key) => [snake(key), v1[key]])];
  return { ...(Object.fromEntries(parts) as Record<string, number>), sex: v1.Sex === 1 ? 'male' : 'female' };
}

/** The recipe's two expressions, as a migration's author writes them. */
export const featureColumns: DualColumnsOptions = {
  table: 'assessments',
  oldColumn: 'features',
  newColumn: 'features_v2',
  forward: (v1) =>
    `CASE WHEN ${v1} IS NOT NULL THEN jsonb_build_object(${[
      ...flags.map((key) => `'${snake(key)}', ${v1} -> '${key}' = '1'::jsonb`),
      ...amounts.map((key) => `'${snake(key)}', ${v1} -> '${key}'`),
      `'sex', CASE ${v1} ->> 'Sex' WHEN '1' THEN 'male' ELSE 'female' END`,
    ].join(', ')}) END`,
  backward: (v2) =>
    `CASE WHEN ${v2} IS NOT NULL THEN jsonb_build_object(${[
      ...flags.map((key) => `'${key}', (${v2} ->> '${snake(key)}')::boolean::int`),
      ...amounts.map((key) => `'${key}', ${v2} -> '${snake(key)}'`),
      `'Sex', CASE ${v2} ->> 'sex' WHEN 'male' THEN 1 ELSE 0 END`,
    ].join(', ')}) END`,
};

/** The table as its migration 3 leaves it, as far as it matters here, with `rows` rows of version 1. */
export function assessmentsTable(rows: number): string[] {
  const all = [...flags, ...amounts, 'Sex'].map((key) => `'${key}'`).join(', ');
  const built = [
    ...flags.map((key, i) => `'${key}', (n >> ${i}) & 1`),
    ...amounts.map((key, i) => `'${key}', n % 5 + ${i + 1}`),
    `'Sex', n % 2`,
  ];
  return [
    `CREATE TABLE assessments (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), n integer NOT NULL,
       features jsonb NOT NULL CHECK (features ?& array[${all}]), created_at timestamptz NOT NULL DEFAULT now())`,
    `INSERT INTO assessments (n, features) SELECT n, jsonb_build_object(${built.join(', ')}) FROM generate_series(1, ${rows}) AS n`,
  ];
}
