export type { Algebra } from './algebra.ts'
export { asColumn, type Column, columnAlgebra, columnOf } from './columns.ts'
export { sqlAlgebra } from './sql.ts'
export { valueAlgebra } from './values.ts'
