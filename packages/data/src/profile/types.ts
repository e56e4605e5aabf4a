import type { Cell } from '../relation.ts'
import type { Alert } from './alerts.ts'
import type { Associations } from './associations.ts'
import type { TimeProfile } from './series.ts'
import type { ColumnSketch } from './sketch.ts'
import type { TextMeaning } from './textMeaning.ts'

/** What a column is treated as. Numbers of at most five distinct values count as categories, texts of many values as text. */
export type ProfileRole = 'number' | 'category' | 'text' | 'bool' | 'date' | 'unsupported'

/** A value and how many rows hold it; the value is null where it must not be shown. */
export interface CountedCell {
  readonly value: Cell
  readonly count: number
}

/** Counts between edges, [a, b), the last bin with its end. Edges of dates are milliseconds since 1970. */
export interface ProfileHistogram {
  readonly edges: readonly number[]
  readonly counts: readonly number[]
}

/** Pearson's test that all cells are equally likely. */
export interface Uniformity {
  readonly statistic: number
  readonly pValue: number
}

/** What is told of a column of any type. Shares of distinct values are over the rows that are not missing. */
export interface ColumnCounts {
  readonly name: string
  /** DuckDB's name of the type. */
  readonly sqlType: string
  readonly role: ProfileRole
  readonly rows: number
  /** Rows with a value. NaN is none. */
  readonly count: number
  readonly missing: number
  readonly missingShare: number
  /** NaN among the missing. */
  readonly nan: number
  /** null for types whose values are not compared (lists, structs). */
  readonly distinct: number | null
  readonly distinctShare: number | null
  /** Values that occur once. */
  readonly unique: number | null
  readonly uniqueShare: number | null
  readonly isUnique: boolean
  /** The most frequent values, equally frequent ones by value. */
  readonly top: readonly CountedCell[]
  /** Rows that hold none of the top values. */
  readonly others: number
  /** 1 - entropy / log2(distinct): 0 where all values are equally frequent. Source: ydata-profiling. */
  readonly imbalance: number | null
  readonly uniformity: Uniformity | null
  /** What merges with the profiles of other parts; null where values must not be shown, and for unsupported types. */
  readonly sketch: ColumnSketch | null
}

/** Numbers. All statistics but the counts are of the finite values; null where there is none, or where it overflows. */
export interface NumberStatistics {
  readonly zeros: number
  readonly zerosShare: number
  readonly negative: number
  readonly negativeShare: number
  readonly infinite: number
  readonly infiniteShare: number
  readonly mean: number | null
  /** Sample standard deviation and variance (n - 1). */
  readonly sd: number | null
  readonly variance: number | null
  readonly sum: number | null
  /** Whole numbers beyond 2^53 as text. */
  readonly min: number | string | null
  readonly max: number | string | null
  readonly range: number | null
  /** G1 and G2, corrected for bias. Source: pandas `skew`, `kurt`. */
  readonly skewness: number | null
  readonly kurtosis: number | null
  /** The median of the distances from the median. */
  readonly mad: number | null
  /** sd / mean. */
  readonly cv: number | null
  /** At 0.05, 0.25, 0.5, 0.75, 0.95; linear between order statistics. */
  readonly quantiles: readonly number[] | null
  readonly iqr: number | null
  /** 2 strictly ascending, 1 ascending, 0 neither, -1 and -2 descending; in the order of the rows. */
  readonly monotonic: number
  readonly histogram: ProfileHistogram | null
}

/** Texts, by code points. */
export interface TextStatistics {
  readonly minLength: number | null
  readonly meanLength: number | null
  readonly medianLength: number | null
  readonly maxLength: number | null
  /** Of all texts, in UTF-8. */
  readonly bytes: number
  /** How many rows have each length, the lengths ascending (longer ones than 200 kinds are left out). */
  readonly lengths: readonly (readonly [length: number, count: number])[]
  /** null in a minimal profile, and where values must not be shown. */
  readonly content: TextContent | null
}

/** What texts are made of; counts are of rows or characters, most frequent first. */
export interface TextContent {
  /** Distinct values looked at, the most frequent ones: fewer than there are in a column of very many. */
  readonly examined: number
  readonly characters: number
  readonly distinctCharacters: number
  readonly characterCounts: readonly CountedCell[]
  /** Unicode's general categories (`Lu`, `Nd`, ...) and scripts. */
  readonly categories: readonly CountedCell[]
  readonly scripts: readonly CountedCell[]
  /** Words in lower case without punctuation around them. */
  readonly words: readonly CountedCell[]
  readonly firstCharacters: readonly CountedCell[]
  /** Shapes: digits are 9, letters A. */
  readonly shapes: readonly CountedCell[]
  /** What all of them are, where they are more than texts: links, paths, words for yes and no. */
  readonly meaning?: TextMeaning
}

/** Days and moments. */
export interface DateStatistics {
  /** ISO 8601. */
  readonly min: string | null
  readonly max: string | null
  readonly rangeSeconds: number | null
  readonly infinite: number
  readonly monotonic: number
  readonly histogram: ProfileHistogram | null
}

/** The profile of one column: `number`, `text` and `date` are there for columns of these types. */
export interface ColumnProfile extends ColumnCounts {
  /** Bytes in memory, as Arrow lays columns out. */
  readonly memoryBytes?: number
  readonly number?: NumberStatistics
  readonly text?: TextStatistics
  readonly date?: DateStatistics
}

/** What is told of the table. */
export interface TableStatistics {
  readonly rows: number
  readonly columns: number
  readonly cellsMissing: number
  /** Over all cells. */
  readonly cellsMissingShare: number
  readonly columnsWithMissing: number
  /** Bytes in memory, as Arrow lays columns out. */
  readonly memoryBytes: number
  readonly columnsAllMissing: number
  /** Distinct rows that occur more than once, and the rows that repeat an earlier one; null in a minimal profile. */
  readonly duplicates: number | null
  readonly duplicatesShare: number | null
  readonly repeatedRows: number | null
  readonly roles: Readonly<Partial<Record<ProfileRole, number>>>
}

/** Where values are missing; null in a minimal profile. */
export interface MissingPattern {
  /** Columns with missing values. */
  readonly columns: readonly string[]
  /** Share of missing values in equal blocks of rows, a row of numbers a block. */
  readonly matrix: readonly (readonly number[])[]
  /** Pearson correlation of "is missing", for columns that are missing in some rows but not all; null elsewhere. */
  readonly correlation: readonly (readonly (number | null)[])[]
}

/** How the values of two columns of numbers fall together: counts in a grid, rows of y from below. */
export interface Interaction {
  readonly x: string
  readonly y: string
  readonly xEdges: readonly number[]
  readonly yEdges: readonly number[]
  readonly counts: readonly (readonly number[])[]
}

/** A table, described. Plain JSON. */
export interface Profile {
  readonly v: 1
  readonly table: TableStatistics
  readonly columns: readonly ColumnProfile[]
  readonly alerts: readonly Alert[]
  readonly missing: MissingPattern | null
  readonly associations: Associations | null
  readonly interactions: readonly Interaction[]
  /** Columns in the order of time, where a column of times is named. */
  readonly time: TimeProfile | null
  /** The first rows, as text; empty where values must not be shown. */
  readonly first: readonly Readonly<Record<string, Cell>>[]
  readonly minimal: boolean
  readonly sensitive: boolean
}
