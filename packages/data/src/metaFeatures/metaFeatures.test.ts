import { expect, test } from 'vitest'
import reference from '../../../../conformance/data/meta.json' with { type: 'json' }
import { relationOf } from '../ingest.ts'
import { type Column, float, rowSchema, string } from '../schema.ts'
import { type MetaGroupName, metaFeatureNames, metaFeatures } from './index.ts'

type Peer = Readonly<Record<string, number | string>>

/** Where the peer is wrong, and why. */
const WRONG: Readonly<Record<string, string>> = {
  sd_ratio: 'pymfe turns the classes round against their sizes, and the rows of their covariances',
  quantiles: 'NaN under numpy 2.4',
}

const SUMMARIES = [
  'mean',
  'sd',
  'var',
  'count',
  'histogram',
  'iq_range',
  'kurtosis',
  'skewness',
  'max',
  'median',
  'min',
  'quantiles',
  'range',
  'sum',
  'powersum',
  'pnorm',
] as const

const tables = Object.fromEntries(
  await Promise.all(
    Object.entries(reference).map(async ([name, { columns, target }]) => {
      const data: Record<string, (string | number)[]> = { y: target }
      const schema: Record<string, Column> = { y: string() }
      columns.forEach((values, j) => {
        data[`c${j}`] = values
        schema[`c${j}`] = typeof values[0] === 'string' ? string() : float()
      })
      return [name, await relationOf(data as never, { schema: rowSchema(schema) })] as const
    }),
  ),
)

const GROUPS = ['general', 'statistical', 'info-theory', 'itemset'] as const satisfies readonly MetaGroupName[]
for (const group of GROUPS)
  for (const [name, { features: groups }] of Object.entries(reference))
    test(`${group} of ${name} equals pymfe`, async () => {
      const { features } = await metaFeatures(tables[name], { target: 'y', groups: [group], summary: SUMMARIES })
      for (const [feature, expected] of Object.entries(groups[group] as Peer)) {
        if (Object.keys(WRONG).some((wrong) => feature.startsWith(`${wrong}.`) || feature === wrong)) continue
        const wanted = Number(expected)
        const found = features[feature]
        // a skewness or kurtosis of equal values is 0 / 0, which rounding may hide
        if (/\.(skewness|kurtosis)$/.test(feature) && (Number.isNaN(wanted) || Number.isNaN(found))) continue
        if (Number.isNaN(wanted)) expect(found, feature).toBeNaN()
        else
          expect(Math.abs(found - wanted), `${feature}: ${found} for ${wanted}`).toBeLessThanOrEqual(
            1e-6 * Math.max(1, Math.abs(wanted)),
          )
      }
    })

/** Values that depend on what the peer draws (folds, equal splits, rows between rows), and where rows at no distance are no neighbours to it. */
const LOOSE = /^(l1|l2|l3|n4|best_node|random_node|worst_node|linear_discr|naive_bayes|one_nn|elite_nn)\b/
const TIED = /^(n1|n3|t1|density|cls_coef|hubs|leaves|nodes|tree|var_importance)/

for (const group of ['clustering', 'concept', 'complexity', 'model-based', 'landmarking'] as const)
  for (const [name, { features: groups }] of Object.entries(reference))
    test(`${group} of ${name} equals pymfe, near it where it draws`, async () => {
      const { features } = await metaFeatures(tables[name], {
        target: 'y',
        groups: [group],
        summary: ['mean', 'sd', 'count', 'max'],
      })
      for (const [feature, expected] of Object.entries(groups[group] as Peer)) {
        const [wanted, found] = [Number(expected), features[feature]]
        expect(found, feature).toBeDefined()
        // NaN of pymfe under numpy 2.4, and single rows whose order decides
        if (Number.isNaN(wanted) || (name !== 'numbers' && TIED.test(feature))) continue
        const loose = LOOSE.test(feature) || group === 'model-based'
        const tolerance = loose ? Math.max(0.25, 0.3 * Math.abs(wanted)) : 2e-6 * Math.max(1, Math.abs(wanted))
        if (!/^(worst|random)_node/.test(feature))
          expect(Math.abs(found - wanted), `${feature}: ${found} for ${wanted}`).toBeLessThanOrEqual(tolerance)
      }
    })

test('landmarkers are ranked among each other', async () => {
  const { features } = await metaFeatures(tables.numbers, {
    target: 'y',
    groups: ['landmarking'],
    relative: true,
    summary: ['mean'],
  })
  const ranks = Object.entries(features)
    .filter(([name]) => name.endsWith('.relative'))
    .map(([, rank]) => rank)
  expect(ranks.reduce((sum, rank) => sum + rank, 0)).toBe(28)
})

test('features are chosen by name, and missing values are left out and counted', async () => {
  const table = await relationOf(
    { x: [1, 2, null, 4], y: ['a', 'b', 'a', 'b'] },
    { schema: rowSchema({ x: float({ nullable: true }), y: string() }) },
  )
  expect(await metaFeatures(table, { target: 'y', features: ['nr_inst', 'mean'], summary: ['max', 'nanmax'] })).toEqual(
    {
      features: { nr_inst: 3, 'mean.max': 7 / 3, 'mean.nanmax': 7 / 3 },
      rows: 3,
      dropped: 1,
      drawn: false,
    },
  )
  expect(metaFeatureNames(['general'])).toHaveLength(11)
  expect((await metaFeatures(tables.numbers, { target: 'y', groups: ['general'], maxRows: 20 })).drawn).toBe(true)
})

test('what is not there is refused with the nearest name', async () => {
  const refused = (options: object, said: RegExp) =>
    expect(metaFeatures(tables.numbers, { target: 'y', ...options } as never)).rejects.toThrow(said)
  await refused({ target: 'z' }, /"z"/)
  await refused({ groups: ['genral'] }, /"general"/)
  await refused({ summary: ['maen'] }, /"mean"/)
  await refused({ features: ['nr_atr'] }, /"nr_attr"/)
  await refused({ categorical: ['c9'] }, /c9/)
})
