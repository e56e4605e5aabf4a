import { didYouMean, PodError } from '@mlpod/contract'
import { type Token, tokens } from './tokens.ts'

/** What a condition or an order speaks of. */
export interface Identifier {
  readonly entity: Entity
  readonly key: string
}

/** Kinds of things that runs have. */
type Entity = 'metric' | 'param' | 'tag' | 'attribute' | 'dataset'

/** A filter as a tree. */
export type Filter =
  | { readonly type: 'and' | 'or'; readonly parts: readonly Filter[] }
  | { readonly type: 'not'; readonly part: Filter }
  | { readonly type: 'missing'; readonly of: Identifier; readonly negated: boolean }
  | {
      readonly type: 'compare'
      readonly of: Identifier
      readonly operator: Comparator
      readonly value: string | number
    }
  | {
      readonly type: 'in'
      readonly of: Identifier
      readonly negated: boolean
      readonly values: readonly (string | number)[]
    }

/** Comparisons as they are written. */
export type Comparator = '=' | '!=' | '>' | '>=' | '<' | '<=' | 'LIKE' | 'ILIKE'

/** One key to sort by. */
export interface Order {
  readonly of: Identifier
  readonly descending: boolean
}

/** `mlflow`: AND only, numbers for metrics only, as MLflow has it. `mlpod`: also OR, NOT, parentheses, BETWEEN, IN, and numbers for parameters. */
export type FilterDialect = 'mlflow' | 'mlpod'

const ENTITIES: Readonly<Record<string, Entity>> = {
  metric: 'metric',
  metrics: 'metric',
  param: 'param',
  params: 'param',
  parameter: 'param',
  parameters: 'param',
  tag: 'tag',
  tags: 'tag',
  attribute: 'attribute',
  attributes: 'attribute',
  attr: 'attribute',
  run: 'attribute',
  dataset: 'dataset',
  datasets: 'dataset',
}

/** Attributes of a run by the names people use for them, and what they hold. */
export const ATTRIBUTES: Readonly<Record<string, { readonly column: AttributeColumn; readonly numeric: boolean }>> = {
  run_id: { column: 'run_id', numeric: false },
  run_name: { column: 'name', numeric: false },
  'Run name': { column: 'name', numeric: false },
  'run name': { column: 'name', numeric: false },
  'Run Name': { column: 'name', numeric: false },
  name: { column: 'name', numeric: false },
  status: { column: 'status', numeric: false },
  artifact_uri: { column: 'artifact_uri', numeric: false },
  user_id: { column: 'user_id', numeric: false },
  start_time: { column: 'start_time', numeric: true },
  created: { column: 'start_time', numeric: true },
  Created: { column: 'start_time', numeric: true },
  end_time: { column: 'end_time', numeric: true },
}

/** Columns that attributes stand in. */
export type AttributeColumn = 'run_id' | 'name' | 'status' | 'artifact_uri' | 'user_id' | 'start_time' | 'end_time'

const DATASET_KEYS = ['name', 'digest', 'context']

/**
 * Reads a filter: `metrics.auc > 0.8 and params.kind = 'tree'`. Returns undefined for an empty one.
 * Throws `FILTER_MALFORMED` pointing at the word that is wrong.
 */
export function parseFilter(text: string, dialect: FilterDialect = 'mlpod'): Filter | undefined {
  const reader = openReader(text)
  if (reader.done()) return undefined
  const filter = readOr(reader, dialect)
  if (!reader.done()) throw reader.wrong('nothing more, or AND')
  return filter
}

/** Reads keys to sort by: `metrics.auc desc`, or `-metrics.auc`. Throws `FILTER_MALFORMED`; a key given twice is refused. */
export function parseOrder(keys: readonly string[]): readonly Order[] {
  const seen = new Set<string>()
  return keys.map((text) => {
    const minus = text.trimStart().startsWith('-')
    const reader = openReader(minus ? text.trimStart().slice(1) : text)
    const of = readIdentifier(reader)
    const word = reader.takeWord('ASC', 'DESC')
    if (!reader.done()) throw reader.wrong('ASC, DESC or nothing more')
    const name = `${of.entity} ${of.key}`
    if (seen.has(name))
      throw new PodError('FILTER_MALFORMED', `the runs are sorted by ${of.entity} "${of.key}" twice`, { at: text })
    seen.add(name)
    return { of, descending: minus || word === 'DESC' }
  })
}

function readOr(reader: Reader, dialect: FilterDialect): Filter {
  const parts = [readAnd(reader, dialect)]
  while (dialect === 'mlpod' && reader.takeWord('OR')) parts.push(readAnd(reader, dialect))
  return parts.length === 1 ? parts[0] : { type: 'or', parts }
}

function readAnd(reader: Reader, dialect: FilterDialect): Filter {
  const parts = [readTerm(reader, dialect)]
  while (reader.takeWord('AND')) parts.push(readTerm(reader, dialect))
  return parts.length === 1 ? parts[0] : { type: 'and', parts }
}

function readTerm(reader: Reader, dialect: FilterDialect): Filter {
  if (dialect === 'mlpod') {
    if (reader.takeWord('NOT')) return { type: 'not', part: readTerm(reader, dialect) }
    if (reader.take('symbol', '(')) {
      const inner = readOr(reader, dialect)
      if (!reader.take('symbol', ')')) throw reader.wrong('")"')
      return inner
    }
  }
  return readClause(reader, dialect)
}

function readClause(reader: Reader, dialect: FilterDialect): Filter {
  const of = readIdentifier(reader)
  if (reader.takeWord('IS')) {
    const negated = reader.takeWord('NOT') !== undefined
    if (!reader.takeWord('NULL')) throw reader.wrong('NULL')
    return { type: 'missing', of, negated: !negated }
  }
  if (dialect === 'mlpod' && reader.takeWord('BETWEEN')) {
    const low = readValue(reader, of, dialect)
    if (!reader.takeWord('AND')) throw reader.wrong('AND')
    const high = readValue(reader, of, dialect)
    return {
      type: 'and',
      parts: [
        { type: 'compare', of, operator: '>=', value: low },
        { type: 'compare', of, operator: '<=', value: high },
      ],
    }
  }
  const negated = reader.takeWord('NOT') !== undefined
  const lists = dialect === 'mlpod' || of.key === 'run_id' || of.entity === 'dataset'
  if (lists && reader.takeWord('IN')) {
    if (!reader.take('symbol', '(')) throw reader.wrong('"("')
    const values = [readValue(reader, of, dialect)]
    while (reader.take('symbol', ',')) values.push(readValue(reader, of, dialect))
    if (!reader.take('symbol', ')')) throw reader.wrong('"," or ")"')
    return { type: 'in', of, negated, values }
  }
  if (negated) throw reader.wrong('IN')
  const operator = readComparator(reader, of, dialect)
  return { type: 'compare', of, operator, value: readValue(reader, of, dialect) }
}

function readIdentifier(reader: Reader): Identifier {
  const token = reader.take('name') ?? reader.take('quoted')
  if (token === undefined) throw reader.wrong('a name, as in metrics.auc')
  const dot = token.text.indexOf('.')
  const prefix = dot < 0 ? undefined : token.text.slice(0, dot)
  const entity = prefix === undefined ? 'attribute' : ENTITIES[prefix.toLowerCase()]
  if (entity === undefined)
    throw reader.wrongAt(
      token,
      `"${prefix}" is none of metrics, params, tags, attributes, datasets${didYouMean(prefix!, ['metrics', 'params', 'tags', 'attributes', 'datasets'])}`,
    )
  const key = token.text.slice(dot + 1)
  if (key === '') throw reader.wrongAt(token, 'a name is missing after the dot')
  if (entity === 'attribute' && !Object.hasOwn(ATTRIBUTES, key)) {
    const names = Object.keys(ATTRIBUTES)
    throw reader.wrongAt(
      token,
      `runs have no attribute "${key}"${didYouMean(key, names)}`,
      `a metric is written metrics.${key}, a parameter params.${key}`,
    )
  }
  if (entity === 'dataset' && !DATASET_KEYS.includes(key))
    throw reader.wrongAt(token, `datasets have no "${key}"${didYouMean(key, DATASET_KEYS)}`)
  return { entity, key }
}

const isNumeric = ({ entity, key }: Identifier): boolean =>
  entity === 'metric' || (entity === 'attribute' && ATTRIBUTES[key].numeric)

function readComparator(reader: Reader, of: Identifier, dialect: FilterDialect): Comparator {
  const numeric = isNumeric(of)
  const like = numeric ? undefined : (reader.takeWord('LIKE', 'ILIKE') as Comparator | undefined)
  if (like) return like
  const token = reader.peek()
  const allowed =
    numeric || (of.entity === 'param' && dialect === 'mlpod') ? ['=', '!=', '>', '>=', '<', '<='] : ['=', '!=']
  if (token?.type !== 'symbol' || !allowed.includes(token.text))
    throw reader.wrong(`one of ${allowed.join(' ')}${numeric ? '' : ' LIKE ILIKE'}`)
  reader.take('symbol')
  return token.text as Comparator
}

function readValue(reader: Reader, of: Identifier, dialect: FilterDialect): string | number {
  const number = reader.peek()?.type === 'number' ? reader.take('number') : undefined
  if (number && (isNumeric(of) || (of.entity === 'param' && dialect === 'mlpod'))) return Number(number.text)
  if (number) throw reader.wrongAt(number, `the value of a ${of.entity} is a text`, `write '${number.text}' in quotes`)
  const text = reader.take('string')
  if (text === undefined) throw reader.wrong(isNumeric(of) ? 'a number' : 'a text in quotes')
  if (isNumeric(of)) throw reader.wrongAt(text, `${of.entity} "${of.key}" is a number`, 'write it without quotes')
  return text.text
}

interface Reader {
  peek(): Token | undefined
  done(): boolean
  take(type: Token['type'], text?: string): Token | undefined
  takeWord(...words: readonly string[]): string | undefined
  wrong(expected: string): PodError
  wrongAt(token: Token, what: string, hint?: string): PodError
}

function openReader(text: string): Reader {
  const list = tokens(text)
  let next = 0
  const point = (at: number): string => `${text}\n${' '.repeat(at)}^`
  return {
    peek: () => list[next],
    done: () => next >= list.length,
    take(type, exact) {
      const token = list[next]
      if (token?.type !== type || (exact !== undefined && token.text !== exact)) return undefined
      next++
      return token
    },
    takeWord(...words) {
      const token = list[next]
      const word = token?.type === 'name' ? token.text.toUpperCase() : ''
      if (!words.includes(word)) return undefined
      next++
      return word
    },
    wrong(expected) {
      const token = list[next]
      const found = token === undefined ? 'the end' : `"${token.text}"`
      return new PodError('FILTER_MALFORMED', `the filter has ${found} where ${expected} is expected`, {
        at: point(token?.at ?? text.length),
      })
    },
    wrongAt: (token, what, hint) => new PodError('FILTER_MALFORMED', what, { at: point(token.at), hint }),
  }
}
