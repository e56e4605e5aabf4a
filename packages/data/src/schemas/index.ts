export { fromJsonSchema, type JsonSchema, toJsonSchema } from './jsonSchema.ts'
