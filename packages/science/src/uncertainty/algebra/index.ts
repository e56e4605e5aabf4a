export type { Algebra } from './algebra.ts'
export { type Column, columnAlgebra } from './columns.ts'
export { sqlAlgebra } from './sql.ts'
export { valueAlgebra } from './values.ts'
