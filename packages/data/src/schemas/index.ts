export { fromJsonSchema, type JsonSchema, toJsonSchema } from './jsonSchema.ts'
export { type SchemaFailure, type ValidatedTable, validateTable } from './validateTable.ts'
