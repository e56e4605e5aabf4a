import * as z from 'zod'

const flag = z.int().min(0).max(1)
const share = z.number().min(0)
const money = z.number().min(0)

/** One application in `data/loanapp.csv`. Values that the file codes as 666, 1000000, 999 or 999999.375 are missing (see `catalog.ts`). */
export const Loan = z.object({
  occ: z.int().min(1).max(3).describe('occupancy: 1 owner, 2 second home, 3 investment'),
  loanamt: money.describe('loan amount, $1000s'),
  action: z.int().min(1).max(3).describe('decision: 1 approved, 2 approved and declined, 3 rejected'),
  msa: z.int(),
  suffolk: flag.describe('property in Suffolk county'),
  appinc: money.nullable().describe('applicant income, $1000s'),
  typur: z.int().min(0).max(9).describe('type of purchaser of the loan'),
  unit: z.int().min(1).max(4).nullable().describe('units in the property'),
  married: flag.nullable(),
  dep: z.int().min(0).max(20).nullable().describe('dependents'),
  emp: z.number().min(0).describe('years in this line of work'),
  yjob: z.number().min(0).describe('years at this job'),
  self: flag.describe('self employed'),
  atotinc: money.describe('total monthly income, $'),
  cototinc: money.describe('total monthly income of the co-applicant, $'),
  hexp: money.describe('proposed housing expense, $ a month'),
  price: money.describe('purchase price, $1000s'),
  other: money.describe('other financing, $1000s'),
  liq: money.nullable().describe('liquid assets, $1000s'),
  rep: z.int().min(0).max(20).nullable().describe('credit reports'),
  gdlin: flag.nullable().describe('credit history meets guidelines'),
  lines: z.number().min(0).max(500).nullable().describe('credit lines on reports'),
  mortg: z.int().min(1).max(4).describe('mortgage payments: 1 no history, 2 no late ones, 3 one or two, 4 more'),
  cons: z.int().min(1).max(6).describe('consumer credit: 1 no slow accounts ... 6 delinquent over 90 days'),
  pubrec: flag.describe('filed bankruptcy'),
  hrat: share.describe('housing expense, % of income'),
  obrat: share.describe('all obligations, % of income'),
  fixadj: flag.describe('1 = adjustable rate'),
  term: z.number().min(0).max(720).nullable().describe('months'),
  apr: money.describe('appraised value, $1000s'),
  prop: z.int().min(1).max(3).describe('property: 1 condominium, 2 single family, 3 two to four families'),
  inss: flag.describe('mortgage insurance sought'),
  inson: flag.describe('mortgage insurance approved'),
  gift: flag.describe('gift as down payment'),
  cosign: flag.describe('there is a cosigner'),
  unver: flag.describe('unverifiable information'),
  review: z.int().min(0).max(100).nullable().describe('times reviewed'),
  netw: z.number().describe('net worth, $1000s'),
  unem: z.number().min(0).max(100).describe("unemployment rate of the applicant's industry, %"),
  min30: flag.nullable().describe('minority population above 30 %'),
  bd: flag.describe('boarded-up value above the median'),
  mi: flag.describe('tract income above the median'),
  old: flag.describe('age above the median'),
  vr: flag.describe('tract vacancy rate above the median'),
  sch: flag.describe('more than 12 years of schooling'),
  black: flag,
  hispan: flag,
  male: flag.nullable(),
  reject: flag,
  approve: flag,
  mortno: flag,
  mortperf: flag,
  mortlat1: flag,
  mortlat2: flag,
  chist: flag.describe('0 = accounts delinquent 60 days or more'),
  multi: flag.nullable().describe('two or more units'),
  loanprc: z.number().min(0).describe('amount / price'),
  thick: flag.nullable().describe('more than two credit reports'),
  white: flag,
})

/** One application after cleaning: what the model may see, what audits need, and the decision. */
export const Application = Loan.omit({
  // they restate or follow the decision
  action: true,
  reject: true,
  typur: true,
  inson: true,
  review: true,
  // one value in all rows
  msa: true,
  // `race` says it in one column
  black: true,
  hispan: true,
  white: true,
}).extend({
  race: z.enum(['black', 'hispanic', 'white']),
})
