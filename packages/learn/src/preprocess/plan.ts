/** How a column of numbers becomes a feature. */
export interface NumericOptions {
  /** What stands for a missing value: the median or the mean of the present ones, or a number. Median by default. */
  readonly impute?: 'median' | 'mean' | number
  /** `standard` subtracts the mean and divides by the standard deviation (n, after imputation); by default. */
  readonly scale?: 'standard' | 'none'
  /** Adds a feature that is 1 where the value was missing. */
  readonly missingIndicator?: boolean
  /** Takes log(1 + x) first. */
  readonly log?: boolean
}

/** How a column of categories becomes features, one a category (one-hot). */
export interface CategoricalOptions {
  /** What a value that fitting did not see becomes: zeros in all features, or a feature of its own. Ignored by default. */
  readonly unknown?: 'ignore' | 'category'
  /** What a missing value becomes: zeros, or a feature of its own; one of its own by default when fitting saw any. */
  readonly missing?: 'ignore' | 'category'
}

/** Which columns become features, and how. */
export interface PreprocessOptions<Name extends string = string> {
  readonly numeric?: { readonly [K in Name]?: NumericOptions }
  readonly categorical?: { readonly [K in Name]?: CategoricalOptions }
}

/** A fitted column of numbers: x -> ((missing ? fill : log ? log(1 + x) : x) - mean) / scale. */
export interface FittedNumeric {
  readonly column: string
  readonly log: boolean
  readonly fill: number
  readonly mean: number
  readonly scale: number
  readonly missingIndicator: boolean
}

/** A fitted column of categories, in order. */
export interface FittedCategorical {
  readonly column: string
  readonly categories: readonly string[] | readonly number[]
  readonly missing: 'ignore' | 'category'
  readonly unknown: 'ignore' | 'category'
}

/** A fitted preprocessing, as plain data. */
export interface Preprocess {
  readonly version: 1
  readonly numeric: readonly FittedNumeric[]
  readonly categorical: readonly FittedCategorical[]
}

/** A feature: its name, and the column that it comes from. */
export interface Feature {
  readonly name: string
  readonly source: string
}

/** Returns the features in order: all numbers, then indicators of missing values, then categories. */
export function features({ numeric, categorical }: Preprocess): Feature[] {
  return [
    ...numeric.map(({ column }) => ({ name: column, source: column })),
    ...numeric.flatMap(({ column, missingIndicator }) =>
      missingIndicator ? [{ name: `${column} is missing`, source: column }] : [],
    ),
    ...categorical.flatMap(({ column, categories, missing, unknown }) => [
      ...categories.map((category) => ({ name: `${column} = ${category}`, source: column })),
      ...(missing === 'category' ? [{ name: `${column} is missing`, source: column }] : []),
      ...(unknown === 'category' ? [{ name: `${column} is new`, source: column }] : []),
    ]),
  ]
}
