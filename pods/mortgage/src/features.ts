/** Amounts and counts: imputed by the median, standardised; those with a long tail by their logarithm. */
export const numbers = [
  'hrat',
  'obrat',
  'loanprc',
  'unem',
  'netw',
  'dep',
  'rep',
  'lines',
  'emp',
  'yjob',
  'term',
] as const
export const amounts = ['loanamt', 'appinc', 'atotinc', 'cototinc', 'hexp', 'price', 'other', 'liq', 'apr'] as const

/** Yes or no. */
export const flags = [
  'suffolk',
  'self',
  'fixadj',
  'inss',
  'gift',
  'cosign',
  'unver',
  'pubrec',
  'gdlin',
  'bd',
  'mi',
  'vr',
  'sch',
  'chist',
] as const

/** Codes: one feature a code. */
export const codes = ['occ', 'unit', 'mortg', 'cons', 'prop'] as const

/** The columns that the model sees. */
export const features = [...numbers, ...amounts, ...flags, ...codes] as const

/** Columns that only audits may see: never features. What restates or follows the decision is gone since `clean`. */
export const forbidden = ['race', 'male', 'old', 'married', 'min30'] as const

/** The decision. */
export const label = { column: 'approve', values: [0, 1], names: ['rejected', 'approved'] } as const
