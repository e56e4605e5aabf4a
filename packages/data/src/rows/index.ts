export {
  type Extra as ExtraMembers,
  type Field,
  type FieldValue,
  type ListField,
  type LiteralField,
  listOf,
  literal,
  type ObjectField,
  objectOf,
  type UnionField,
  unionOf,
} from './field.ts'
export type { IssueCode, IssueContext, RowIssue } from './issue.ts'
export {
  guardedFunction,
  type ParsedRow,
  type ParsedRows,
  type ParseOptions,
  type ParseResult,
  parseRow,
  parseRowJson,
  parseRows,
  type RowReader,
  safeParseRow,
  spokenIssue,
} from './parse.ts'
export type { StandardProperties } from './standard.ts'
