import { PodError } from '@mlpod/contract'
import { patternOf } from './pythonPattern.ts'

type Schema = boolean | { readonly [keyword: string]: unknown }
type Judge = (value: unknown) => boolean

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const TYPES: Readonly<Record<string, Judge>> = {
  null: (v) => v === null,
  boolean: (v) => typeof v === 'boolean',
  integer: (v) => typeof v === 'number' && Number.isInteger(v),
  number: (v) => typeof v === 'number',
  string: (v) => typeof v === 'string',
  array: Array.isArray,
  object: isRecord,
}

const same = (a: unknown, b: unknown): boolean => {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((x, i) => same(x, b[i]))
  if (isRecord(a) && isRecord(b)) {
    const keys = Object.keys(a)
    return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]))
  }
  return a === b
}

/** The length of a text in code points. */
const lengthOf = (text: string): number => [...text].length
const ofNumber =
  (holds: (value: number, limit: number) => boolean) =>
  (limit: number): Judge =>
  (v) =>
    typeof v !== 'number' || holds(v, limit)
const ofText =
  (holds: (value: string, limit: number) => boolean) =>
  (limit: number): Judge =>
  (v) =>
    typeof v !== 'string' || holds(v, limit)
const ofList =
  (holds: (value: readonly unknown[], limit: number) => boolean) =>
  (limit: number): Judge =>
  (v) =>
    !Array.isArray(v) || holds(v, limit)
const ofRecord =
  (holds: (value: Readonly<Record<string, unknown>>, limit: number) => boolean) =>
  (limit: number): Judge =>
  (v) =>
    !isRecord(v) || holds(v, limit)

type Compile = (schema: unknown) => Judge
type Keyword = (given: never, compile: Compile, schema: Readonly<Record<string, unknown>>) => Judge

/** Every keyword of draft 7 that says something of a value; `format`, titles and the like say nothing. */
const keywords: Readonly<Record<string, Keyword>> = {
  type: (given: string | readonly string[]) => {
    const judges = [given].flat().map((name) => TYPES[name as string] ?? refuse(`there is no type "${String(name)}"`))
    return (v) => judges.some((judge) => judge(v))
  },
  enum: (values: readonly unknown[]) => (v) => values.some((value) => same(v, value)),
  const: (value: unknown) => (v) => same(v, value),
  minimum: ofNumber((v, limit) => v >= limit),
  maximum: ofNumber((v, limit) => v <= limit),
  exclusiveMinimum: ofNumber((v, limit) => v > limit),
  exclusiveMaximum: ofNumber((v, limit) => v < limit),
  multipleOf: ofNumber((v, limit) => Number.isInteger(v / limit)),
  minLength: ofText((v, limit) => lengthOf(v) >= limit),
  maxLength: ofText((v, limit) => lengthOf(v) <= limit),
  pattern: (source: string) => {
    const { js } = patternOf(source)
    return (v) => typeof v !== 'string' || js.test(v)
  },
  minItems: ofList((v, limit) => v.length >= limit),
  maxItems: ofList((v, limit) => v.length <= limit),
  uniqueItems: (on: boolean) => (v) =>
    !on || !Array.isArray(v) || v.every((a, i) => v.findIndex((b) => same(a, b)) === i),
  items: (given: Schema | readonly Schema[], compile, { additionalItems }) => {
    if (!Array.isArray(given)) {
      const judge = compile(given)
      return (v) => !Array.isArray(v) || v.every(judge)
    }
    const judges = given.map(compile)
    const rest = additionalItems === undefined ? undefined : compile(additionalItems)
    return (v) => !Array.isArray(v) || v.every((item, i) => (judges[i] ?? rest)?.(item) ?? true)
  },
  contains: (given: Schema, compile) => {
    const judge = compile(given)
    return (v) => !Array.isArray(v) || v.some(judge)
  },
  minProperties: ofRecord((v, limit) => Object.keys(v).length >= limit),
  maxProperties: ofRecord((v, limit) => Object.keys(v).length <= limit),
  required: (names: readonly string[]) => (v) => !isRecord(v) || names.every((name) => Object.hasOwn(v, name)),
  properties: (given: Readonly<Record<string, Schema>>, compile) => {
    const judges = Object.entries(given).map(([name, schema]) => [name, compile(schema)] as const)
    return (v) => !isRecord(v) || judges.every(([name, judge]) => !Object.hasOwn(v, name) || judge(v[name]))
  },
  patternProperties: (given: Readonly<Record<string, Schema>>, compile) => {
    const judges = Object.entries(given).map(([source, schema]) => [patternOf(source).js, compile(schema)] as const)
    return (v) =>
      !isRecord(v) ||
      Object.entries(v).every(([name, value]) => judges.every(([js, judge]) => !js.test(name) || judge(value)))
  },
  additionalProperties: (given: Schema, compile, { properties = {}, patternProperties = {} }) => {
    const judge = compile(given)
    const named = new Set(Object.keys(properties as object))
    const patterns = Object.keys(patternProperties as object).map((source) => patternOf(source).js)
    return (v) =>
      !isRecord(v) ||
      Object.entries(v).every(
        ([name, value]) => named.has(name) || patterns.some((js) => js.test(name)) || judge(value),
      )
  },
  propertyNames: (given: Schema, compile) => {
    const judge = compile(given)
    return (v) => !isRecord(v) || Object.keys(v).every(judge)
  },
  dependencies: (given: Readonly<Record<string, Schema | readonly string[]>>, compile) => {
    const judges = Object.entries(given).map(
      ([name, need]) => [name, compile(Array.isArray(need) ? { required: need } : need)] as const,
    )
    return (v) => !isRecord(v) || judges.every(([name, judge]) => !Object.hasOwn(v, name) || judge(v))
  },
  allOf: (given: readonly Schema[], compile) => {
    const judges = given.map(compile)
    return (v) => judges.every((judge) => judge(v))
  },
  anyOf: (given: readonly Schema[], compile) => {
    const judges = given.map(compile)
    return (v) => judges.some((judge) => judge(v))
  },
  oneOf: (given: readonly Schema[], compile) => {
    const judges = given.map(compile)
    return (v) => judges.filter((judge) => judge(v)).length === 1
  },
  not: (given: Schema, compile) => {
    const judge = compile(given)
    return (v) => !judge(v)
  },
  if: (given: Schema, compile, { then, else: otherwise }) => {
    const [condition, yes, other] = [given, then ?? true, otherwise ?? true].map(compile)
    return (v) => (condition(v) ? yes(v) : other(v))
  },
}

const refuse = (message: string): never => {
  throw new PodError('JSON_SCHEMA_INVALID', `the JSON schema is not understood: ${message}`)
}

/**
 * Compiles a JSON schema (draft 7; `$ref` within itself) into a function that judges values. Throws `JSON_SCHEMA_INVALID` for what is no
 * schema; keywords that it does not know say nothing, as the draft has it.
 */
export function jsonSchema(schema: unknown): Judge {
  const known = new Map<unknown, Judge>()
  const compile = (given: unknown): Judge => {
    if (typeof given === 'boolean') return () => given
    if (!isRecord(given)) return refuse(`${JSON.stringify(given)} is no schema`)
    // a schema that refers to itself is compiled once
    const made = known.get(given)
    if (made) return made
    let judges: readonly Judge[] = []
    const judge: Judge = (value) => judges.every((one) => one(value))
    known.set(given, judge)
    if (typeof given.$ref === 'string') judges = [compile(resolve(schema, given.$ref))]
    else {
      try {
        judges = Object.entries(given).flatMap(([name, value]) =>
          Object.hasOwn(keywords, name) ? [keywords[name](value as never, compile, given)] : [],
        )
      } catch (error) {
        if (error instanceof PodError) throw error
        refuse(`a keyword has a value that it cannot have (${(error as Error).message})`)
      }
    }
    return judge
  }
  return compile(schema)
}

function resolve(root: unknown, reference: string): unknown {
  if (!reference.startsWith('#')) return refuse(`"${reference}" is outside of it`)
  const names = reference.slice(1).split('/').slice(1)
  return names.reduce<unknown>((value, name) => {
    const key = decodeURIComponent(name).replaceAll('~1', '/').replaceAll('~0', '~')
    return isRecord(value) || Array.isArray(value)
      ? ((value as Readonly<Record<string, unknown>>)[key] ?? refuse(`"${reference}" leads nowhere`))
      : refuse(`"${reference}" leads nowhere`)
  }, root)
}
