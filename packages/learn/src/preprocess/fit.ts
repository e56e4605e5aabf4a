import { PodError } from '@mlpod/contract'
import type { Cell, ColumnInfo, Expression, Relation, Sql } from '@mlpod/data'
import type {
  CategoricalOptions,
  FittedCategorical,
  FittedNumeric,
  NumericOptions,
  Preprocess,
  PreprocessOptions,
} from './plan.ts'

/** The relative distance of neighbours in single precision, in which raw columns come to a model. */
const SINGLE = 2 ** -23

/** More categories than this are no categories. */
const MOST_CATEGORIES = 1000

/**
 * Learns from rows how columns become features: what stands for missing values, means and deviations, categories.
 * Aggregates of the whole table, computed on one thread: the same rows give the same bits. Throws `COLUMN_UNKNOWN`,
 * `COLUMN_TYPE`, `COLUMN_TWICE` when a column is numeric and categorical, `COLUMN_EMPTY` when a column holds no value,
 * `VALUE_RANGE` for logs of values <= -1 and for what single precision cannot hold or tell apart, `CATEGORIES_MANY` above 1000.
 * Source: scikit-learn 1.9 SimpleImputer, StandardScaler, OneHotEncoder(handle_unknown="ignore").
 */
export async function fitPreprocess<Row>(
  rows: Relation<Row>,
  options: PreprocessOptions<keyof Row & string>,
): Promise<Preprocess> {
  const data = rows as unknown as Relation
  const numeric = Object.entries<NumericOptions | undefined>(options.numeric ?? {})
  const categorical = Object.entries<CategoricalOptions | undefined>(options.categorical ?? {})
  const names = [...numeric, ...categorical].map(([name]) => name)
  const twice = names.find((name, i) => names.indexOf(name) < i)
  if (twice !== undefined) throw new PodError('COLUMN_TWICE', `the column "${twice}" is both numeric and categorical`)
  if (names.length === 0) throw new PodError('COLUMN_EMPTY', 'preprocessing needs at least one column')
  const infos = new Map((await data.select(...names).describe()).map((info) => [info.name, info]))
  return {
    version: 1,
    numeric: await fitNumeric(data, numeric, infos),
    categorical: await Promise.all(
      categorical.map(([name, settings]) => fitCategorical(data, infos.get(name)!, settings ?? {})),
    ),
  }
}

type Infos = ReadonlyMap<string, ColumnInfo>

async function fitNumeric(
  data: Relation,
  columns: readonly (readonly [string, NumericOptions | undefined])[],
  infos: Infos,
): Promise<FittedNumeric[]> {
  if (columns.length === 0) return []
  for (const [name] of columns) {
    const info = infos.get(name)!
    if (info.type !== 'int' && info.type !== 'float' && info.type !== 'bool')
      throw new PodError('COLUMN_TYPE', `the column "${name}" is ${info.sqlType} and no number`, {
        hint: 'make it categorical',
      })
  }
  const settings = columns.map(([column, options]) => ({ column, ...DEFAULTS, ...options }))
  const [found] = await data
    .groupBy(
      [],
      Object.fromEntries(
        settings.flatMap(({ column, log, impute }, i): [string, Build][] => [
          [`least_${i}`, (sql) => sql.min(number(sql, column))],
          [`most_${i}`, (sql) => sql.max(number(sql, column))],
          [`fill_${i}`, (sql) => sql[impute === 'mean' ? 'avg' : 'median'](transformed(sql, column, log))],
        ]),
      ),
    )
    .rows()
  const fills = settings.map(({ column, log, impute }, i) => {
    const least = found[`least_${i}`]
    if (least === null) throw new PodError('COLUMN_EMPTY', `the column "${column}" holds no value`)
    for (const value of [Number(least), Number(found[`most_${i}`])])
      if (!Number.isFinite(Math.fround(value)))
        throw new PodError('VALUE_RANGE', `the column "${column}" holds ${value}, and models take single precision`, {
          hint: 'list such values as missing, or filter them',
        })
    if (log && Number(least) <= -1)
      throw new PodError('VALUE_RANGE', `the column "${column}" holds ${least}, and log(1 + x) needs values above -1`)
    if (typeof impute !== 'number') return Number(found[`fill_${i}`])
    const fill = log ? Math.log1p(impute) : impute
    if (!Number.isFinite(fill))
      throw new PodError(
        'VALUE_RANGE',
        `the column "${column}" cannot be imputed with ${log ? `log(1 + ${impute})` : impute}`,
      )
    return fill
  })
  const [scales] = await data
    .groupBy(
      [],
      Object.fromEntries(
        settings.flatMap(({ column, log }, i): [string, Build][] => {
          const filled: Build = (sql) => sql.coalesce(transformed(sql, column, log), sql.literal(fills[i]))
          return [
            [`n_${i}`, (sql) => sql.count()],
            [`mean_${i}`, (sql) => new sql.AggregateNode('favg', [filled(sql)])],
            [`variance_${i}`, (sql) => sql.varPop(filled(sql))],
          ]
        }),
      ),
    )
    .rows()
  return settings.map(({ column, log, scale, missingIndicator }, i) => {
    const [n, mean, variance] = ['n', 'mean', 'variance'].map((name) => Number(scales[`${name}_${i}`]))
    const standard = scale === 'standard'
    const [constant, deviation] = [isConstant(n, mean, variance), Math.sqrt(variance)]
    if (standard && !constant && deviation < Math.abs(mean) * SINGLE)
      throw new PodError(
        'VALUE_RANGE',
        `the values of the column "${column}", around ${mean}, differ less than single precision tells`,
        { hint: 'subtract an origin first' },
      )
    return {
      column,
      log,
      fill: fills[i],
      mean: standard ? mean : 0,
      scale: standard && !constant ? deviation : 1,
      missingIndicator,
    }
  })
}

type Tree = Exclude<Expression, (sql: Sql) => unknown>
type Build = (sql: Sql) => Tree

const DEFAULTS = {
  impute: 'median',
  scale: 'standard',
  log: false,
  missingIndicator: false,
} as const satisfies NumericOptions

const number = (sql: Sql, column: string): Tree => sql.cast(sql.column(column), 'DOUBLE')

/** The value that is imputed and scaled; a value whose logarithm does not exist counts as missing until it is refused. */
function transformed(sql: Sql, column: string, log: boolean): Tree {
  const value = number(sql, column)
  return log ? sql.cond(sql.gt(value, sql.literal(-1)), sql.ln(sql.add(value, sql.literal(1)))) : value
}

/** Whether a variance is nothing but rounding. Source: scikit-learn 1.9 `_is_constant_feature`. */
const isConstant = (n: number, mean: number, variance: number): boolean =>
  variance <= n * Number.EPSILON * variance + (n * mean * Number.EPSILON) ** 2

async function fitCategorical(
  data: Relation,
  { name, type, sqlType }: ColumnInfo,
  { unknown = 'ignore', missing }: CategoricalOptions,
): Promise<FittedCategorical> {
  if (type === 'float' || type === undefined)
    throw new PodError('COLUMN_TYPE', `the column "${name}" is ${sqlType} and holds no categories`, {
      hint: 'make it numeric',
    })
  const found = await data
    .groupBy([name], {})
    .limit(MOST_CATEGORIES + 2)
    .rows()
  // A model takes "" for missing, so it is no category.
  const present = found
    .map((row) => row[name])
    .filter((value): value is Exclude<Cell, null> => value !== null && value !== '')
  if (present.length === 0) throw new PodError('COLUMN_EMPTY', `the column "${name}" holds no value`)
  if (present.length > MOST_CATEGORIES)
    throw new PodError('CATEGORIES_MANY', `the column "${name}" has more than ${MOST_CATEGORIES} categories`, {
      hint: 'leave it out, or group its values first',
    })
  const isText = typeof present[0] === 'string'
  const blurred = isText ? undefined : present.find((value) => Math.fround(Number(value)) !== Number(value))
  if (blurred !== undefined)
    throw new PodError('VALUE_RANGE', `the column "${name}" holds ${blurred}, which single precision mixes up`, {
      hint: 'cast it to a string: its categories are names',
    })
  return {
    column: name,
    categories: isText ? (present as string[]) : present.map(Number),
    missing: missing ?? (present.length < found.length ? 'category' : 'ignore'),
    unknown,
  }
}
