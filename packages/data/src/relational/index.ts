export { type ForeignKeyCheck, foreignKey, type SharedRows, sharedRows } from './foreignKey.ts'
export { type DependencyCheck, functionalDependency } from './functionalDependency.ts'
export { type NearDuplicateOptions, type NearDuplicates, nearDuplicates } from './nearDuplicates.ts'
